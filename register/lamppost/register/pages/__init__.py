"""Pages on which people act: alarms, work orders, assets."""
