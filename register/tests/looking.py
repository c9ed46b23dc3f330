"""What every page of the console must be, whoever looks at it."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, ViewportSize, expect

from .test_pages_alarms import WCAG

CONTRAST = {"runOnly": ["color-contrast"]}
"""What a dark page may break that the same page does not break in the light."""

PHONE: ViewportSize = {"width": 390, "height": 844}


async def check_sound(page: Page) -> None:
    """See that no rule of WCAG 2.1 AA is broken, light and dark, and nothing goes sideways."""
    for scheme, rules in (("light", WCAG), ("dark", CONTRAST)):
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        await expect(page.locator(f"body.body--{scheme}")).to_have_count(1)
        found = await Axe().run(page, options=rules)
        assert found.violations_count == 0, found.generate_report()
    await expect(page.locator("main, [role=main]")).to_have_count(1)
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
