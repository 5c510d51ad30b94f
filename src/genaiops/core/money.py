"""Money is an integer of nano-USD (10⁻⁹ USD); an unknown price is None, never 0."""

from genaiops.core.cases import Usage

NANO = 1_000_000_000


def cost_nanousd(usage: Usage, *, usd_per_million_in: float, usd_per_million_out: float) -> int:
    """Return what `usage` costs at prices in USD per million tokens."""
    # USD per million tokens × 1e9 nano ÷ 1e6 = nano-USD per token × 1000; stay exact as long as possible
    return round(
        usage.input_tokens * usd_per_million_in * 1000 + usage.output_tokens * usd_per_million_out * 1000
    )


def usd(nanousd: int | None) -> str:
    """Return an amount for people to read, with enough digits to be more than 0; `unknown` for None."""
    if nanousd is None:
        return "unknown"
    value = nanousd / NANO
    return f"${value:,.2f}" if abs(value) >= 1 else f"${value:.3g}" if value else "$0"
