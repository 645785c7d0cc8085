"""Some weeks of a few schools, as the benchmark plays a year of 2,500: at the end the receiver has exactly what is so."""

import pytest

from tests.bench.ministry_year import main


@pytest.mark.parametrize("seed", [1, 2])
async def test_weeks_of_trouble_end_with_the_truth(seed: int) -> None:
    assert await main(schools=10, weeks=5, seed=seed, quiet=True) == []
