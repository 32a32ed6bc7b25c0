"""Numbers as the tables show them."""


def shown(value: float) -> str:
    """Three significant digits, two below a tenth."""
    if 0 < abs(value) < 0.1:
        return f"{value:.1e}" if abs(value) < 0.001 else f"{value:.2g}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
