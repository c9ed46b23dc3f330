"""From URL to store: what is allowed, and what is said about everything else."""

import re
from contextlib import closing
from pathlib import Path

import pytest

from lamppost.aggregator.store.influx1 import Influx1Store
from lamppost.aggregator.store.influx2 import Influx2Store
from lamppost.aggregator.store.open import DEFAULT_URL, StoreUrlError, open_store
from lamppost.aggregator.store.sqlite import SqliteStore
from parts.batches import T0, batch, series


def test_the_default_is_a_file_in_the_data_directory(tmp_path: Path) -> None:
    """Without a database server there is a store, and it is where the data is."""
    with closing(open_store(DEFAULT_URL, tmp_path)) as store:
        store.write(batch([series()], [0], [T0], [1.0]))
    assert (tmp_path / "readings.db").exists()


@pytest.mark.parametrize("form", ["sqlite://{}", "sqlite:///{}"])
def test_an_absolute_path(tmp_path: Path, form: str) -> None:
    """A path from the root is one, with three slashes or four."""
    path = tmp_path / "some where" / "r.db"
    url = form.format(path).replace(" ", "%20")
    with closing(open_store(url, tmp_path / "elsewhere")) as store:
        store.write(batch([series()], [0], [T0], [1.0]))
    assert path.exists()


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("sqlite:a/b.db?retain_days=7&max_rows=1000", SqliteStore),
        ("influx1+http://127.0.0.1:8086/city", Influx1Store),
        ("influx1+https://[::1]/city?ca_file=secret&timeout_s=5", Influx1Store),
        ("influx1+http://me@host:8086/city?password_file=secret&retain_days=1.5", Influx1Store),
        ("influx2+https://host:8086/my%20org/city?token_file=secret", Influx2Store),
        ("influx2+http://host/org/city", Influx2Store),
    ],
)
def test_good_urls(tmp_path: Path, url: str, kind: type) -> None:
    """Each kind of URL opens its house without connecting to anything."""
    (tmp_path / "secret").write_text("s3cret\n")
    with closing(open_store(url, tmp_path)) as store:
        assert type(store) is kind


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgres://h/d", "store kind: 'postgres' came, allowed: sqlite, influx1+http"),
        ("readings.db", "store kind: 'readings.db' came"),
        ("sqlite:", "sqlite:FILE or sqlite:///PATH"),
        ("sqlite://r.db", "sqlite:FILE or sqlite:///PATH"),
        ("sqlite:r.db?retain_days=0", "retain_days: '0' came, allowed: a number above 0"),
        ("sqlite:r.db?retain_days=soon", "retain_days: 'soon' came"),
        ("sqlite:r.db?max_rows=nan", "max_rows: 'nan' came"),
        ("sqlite:r.db?days=3", "option: 'days' came, allowed: retain_days, max_rows"),
        ("influx1+http://h:8086/", "path: '/' came, allowed: /CITY"),
        ("influx1+http://h:99999/d", "port: 'h:99999' came"),
        ("influx1+http:///d", "host: '' came"),
        ("influx1+http://u:geheim@h/d", "password: '(not shown)' came"),
        ("influx1+http://u@h/d?password_file=no", "password_file: 'no' came"),
        ("influx1+http://u@h/d?password_file=two", "a readable file with one line"),
        ("influx1+http://u@h/d?password_file=raw", "a readable file with one line"),
        ("influx2+http://h/d", "path: '/d' came, allowed: /ORG/CITY"),
        ("influx2+http://h/o/b?token=abc", "option: 'token' came, allowed: token_file"),
    ],
)
def test_bad_urls(tmp_path: Path, url: str, message: str) -> None:
    """Every mistake says what came and what is allowed, and never shows a secret."""
    (tmp_path / "two").write_text("a\nb\n")
    (tmp_path / "raw").write_bytes(b"\xff\xfe")
    with pytest.raises(StoreUrlError) as caught:
        open_store(url, tmp_path)
    assert message in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_the_urls_of_the_documentation(tmp_path: Path) -> None:
    """Every URL in docs/stores.md opens, with the files it names."""
    text = (Path(__file__).parents[2] / "docs" / "stores.md").read_text()
    urls = re.findall(r"^\| `((?:sqlite|influx)[^`]+)` \|", text, re.MULTILINE)
    assert len(urls) == 5
    for name in re.findall(r"_file=([\w.]+)", text):
        (tmp_path / name).write_text("secret\n")
    for url in urls:
        open_store(url, tmp_path).close()
