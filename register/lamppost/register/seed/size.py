"""How large a made-up city may be, in assets."""

ASSETS_MIN, ASSETS_DEFAULT, ASSETS_MAX = 32, 320, 50_000
