import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.wire.topic import (
    MAX_ID_CHARS,
    Topic,
    TopicError,
    Verb,
    parse_state_topic,
    state_topic,
)

IDS = st.text(
    st.characters(codec="utf-8", exclude_characters="+#/\0"), min_size=1, max_size=MAX_ID_CHARS
)


@given(IDS, st.sampled_from(Verb), IDS, IDS)
def test_every_topic_comes_back(group: str, verb: Verb, node: str, device: str) -> None:
    """The text of any topic parses to the same topic."""
    topic = Topic(group, verb, node, device if verb.of_device else None)
    assert Topic.parse(topic.text) == topic


@given(IDS)
def test_every_state_topic_comes_back(host: str) -> None:
    """The text of a host's STATE topic names the same host."""
    assert parse_state_topic(state_topic(host)) == host


@given(st.text(max_size=60) | st.text("spBv1.0/NDATASTE+#", max_size=40))
def test_any_text_is_a_topic_or_a_topic_error(text: str) -> None:
    """Arbitrary text never raises anything but TopicError, and what parses is the same text."""
    with contextlib.suppress(TopicError):
        assert Topic.parse(text).text == text
    with contextlib.suppress(TopicError):
        assert state_topic(parse_state_topic(text)) == text


def test_topics_look_as_the_standard_has_them() -> None:
    """The three forms: of a node, of a device, of a host."""
    assert Topic("riverside", Verb.NDATA, "ps-1").text == "spBv1.0/riverside/NDATA/ps-1"
    assert Topic("riverside", Verb.DCMD, "ps-1", "pump 1").text == (
        "spBv1.0/riverside/DCMD/ps-1/pump 1"
    )
    assert state_topic("lamppost") == "spBv1.0/STATE/lamppost"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "spBv1.0",
        "spBv1.0/g/NDATA",
        "spBv1.0/g/NDATA/n/d/x",
        "spAv1.0/g/NDATA/n",
        "spBv1.0/g/ndata/n",
        "spBv1.0/STATE/host",
        "spBv1.0/g/STATE/n",
        "spBv1.0//NDATA/n",
        "spBv1.0/g/NDATA/",
        "spBv1.0/g/DDATA/n/",
        "spBv1.0/g/NDATA/+",
        "spBv1.0/#/NDATA/n",
        "spBv1.0/g/NDATA/n\0",
        "spBv1.0/g/NDATA/n\ud800",
        "spBv1.0/g/NDATA/" + "n" * (MAX_ID_CHARS + 1),
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_what_is_no_topic_is_refused_with_what_came(text: str) -> None:
    """A text that is no node's or device's topic is a TopicError that shows what is allowed."""
    with pytest.raises(TopicError, match=r"came .*, allowed: "):
        Topic.parse(text)


@pytest.mark.parametrize(
    "text", ["spBv1.0/STATE", "spBv1.0/STATE/", "STATE/h", "spBv1.0/STATE/+"]
)
def test_what_is_no_state_topic_is_refused(text: str) -> None:
    """The STATE topic of older versions, or one without a host, is a TopicError."""
    with pytest.raises(TopicError, match=r"came .*, allowed: "):
        parse_state_topic(text)


@pytest.mark.parametrize("verb", Verb)
def test_a_device_stands_only_behind_a_devices_verb(verb: Verb) -> None:
    """A device's message needs a device; a node's has none."""
    device = None if verb.of_device else "d"
    with pytest.raises(TopicError, match=f"device after {verb}"):
        Topic("g", verb, "n", device)


def test_a_long_topic_is_shown_short() -> None:
    """The error stays readable when the topic is not."""
    with pytest.raises(TopicError) as caught:
        Topic.parse("x" * 60_000)
    assert len(str(caught.value)) < 1_000
