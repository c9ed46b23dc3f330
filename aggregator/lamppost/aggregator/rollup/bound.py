"""What the register binds to assets: links with the channel, device and node of each."""

from lamppost.register.records.tables import channel, device, link, node

BOUND = (
    link.join(channel, channel.c.id == link.c.channel)
    .join(device, device.c.id == channel.c.device)
    .join(node, node.c.id == device.c.node)
)
