import numpy as np
import pytest
from pydicom.dataset import Dataset

from detl.imaging.grey import ImageRejected
from dicom_files import decode, make_dataset, scale

VALUES = np.arange(0, 4096, 65, np.uint16).reshape(8, 8)


def _window(values, center, width, function="LINEAR"):
    """Return what DICOM PS3.3, C.11.2.1.2, makes of values, for the range 0 to 1."""
    shown = []
    for x in np.asarray(values, float).ravel():
        if function == "SIGMOID":
            shown.append(1 / (1 + np.exp(-4 * (x - center) / width)))
        elif function == "LINEAR_EXACT":
            low, high = center - width / 2, center + width / 2
            y = (x - center) / width + 0.5
            shown.append(0 if x <= low else 1 if x > high else y)
        else:
            low = center - 0.5 - (width - 1) / 2
            high = center - 0.5 + (width - 1) / 2
            y = (x - (center - 0.5)) / (width - 1) + 0.5 if width > 1 else 0
            shown.append(0 if x <= low else 1 if x > high else y)
    return np.reshape(shown, np.shape(values))


def _assert_nearly(grey, expected):
    assert np.abs(grey.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID", None])
@pytest.mark.parametrize(
    ("slope", "intercept"), [(1, 0), (-1, 4095), (2, -100), (-0.5, 0)]
)
def test_a_window_is_in_rescaled_units(photometric, function, slope, intercept):
    dataset = make_dataset(
        VALUES,
        PhotometricInterpretation=photometric,
        RescaleSlope=slope,
        RescaleIntercept=intercept,
        WindowCenter=-600 if slope == -0.5 else 1500,
        WindowWidth=1000,
    )
    if function:
        dataset.VOILUTFunction = function

    values = VALUES * float(slope) + intercept
    center = float(dataset.WindowCenter)
    expected = scale(_window(values, center, 1000, function or "LINEAR"))
    if photometric == "MONOCHROME1":
        expected = 255 - expected
    _assert_nearly(decode(dataset), expected)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_negative_slope_turns_the_values_round_without_a_window(photometric):
    dataset = make_dataset(VALUES, PhotometricInterpretation=photometric)
    dataset.RescaleSlope, dataset.RescaleIntercept = -1, 4095

    is_turned_twice = photometric == "MONOCHROME1"
    expected = scale(VALUES) if is_turned_twice else 255 - scale(VALUES)
    _assert_nearly(decode(dataset), expected)


@pytest.mark.parametrize(
    ("center", "width"),
    [(0, 0), (2000, -500), (None, None), (2000, None), (None, 500)],
)
def test_what_is_no_window_leaves_the_full_range(center, width):
    dataset = make_dataset(VALUES, WindowCenter=center, WindowWidth=width)

    _assert_nearly(decode(dataset), scale(VALUES))


def test_a_window_that_is_none_leaves_the_next():
    dataset = make_dataset(VALUES, WindowCenter=[0, 1500], WindowWidth=[0, 1000])

    _assert_nearly(decode(dataset), scale(_window(VALUES, 1500, 1000)))


def test_a_window_of_width_1_is_a_threshold_for_whole_numbers():
    dataset = make_dataset(VALUES, WindowCenter=650, WindowWidth=1)

    np.testing.assert_array_equal(decode(dataset), np.where(VALUES >= 650, 255, 0))


@pytest.mark.parametrize(("center", "width"), [(0.5, 1), (0.5, 0.8), (0.2, 0.1)])
def test_a_narrow_window_for_fractions_is_exact(center, width):
    dataset = make_dataset(VALUES, WindowCenter=center, WindowWidth=width)
    dataset.RescaleSlope, dataset.RescaleIntercept = 0.00025, 0

    expected = scale(_window(VALUES * 0.00025, center, width, "LINEAR_EXACT"))
    _assert_nearly(decode(dataset), expected)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_a_window_that_is_next_to_nothing_is_a_threshold(function):
    dataset = make_dataset(VALUES, WindowCenter=1500, VOILUTFunction=function)
    dataset.WindowWidth = "1e-310"

    np.testing.assert_array_equal(decode(dataset), np.where(VALUES > 1500, 255, 0))


def test_a_function_that_is_not_known_is_linear():
    dataset = make_dataset(VALUES, WindowCenter=1500, WindowWidth=1000)
    dataset.VOILUTFunction = "LOG"

    _assert_nearly(decode(dataset), scale(_window(VALUES, 1500, 1000)))


@pytest.mark.parametrize("center", [-9000, 90000])
def test_a_window_that_leaves_nothing_is_told(center):
    dataset = make_dataset(VALUES, WindowCenter=center, WindowWidth=100)

    with pytest.raises(ImageRejected, match=rf"blank: .*window \(center {center}, "):
        decode(dataset)


@pytest.mark.parametrize(("slope", "intercept"), [(None, None), (None, -100), (1, 0)])
def test_a_slope_that_is_empty_changes_nothing(slope, intercept):
    dataset = make_dataset(VALUES, WindowCenter=1500, WindowWidth=1000)
    dataset.RescaleSlope, dataset.RescaleIntercept = slope, intercept

    _assert_nearly(decode(dataset), scale(_window(VALUES, 1500, 1000)))


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"RescaleSlope": 0, "RescaleIntercept": 5}, "Rescale Slope is 0"),
        ({"RescaleSlope": -1}, "no Rescale Intercept"),
        (
            {"RescaleSlope": "1e308", "RescaleIntercept": 0},
            "Slope is too large: 1e.308",
        ),
        ({"PhotometricInterpretation": None}, "without Photometric Interpretation"),
        ({"SamplesPerPixel": 3}, "MONOCHROME2, and 3 samples for a pixel"),
    ],
)
def test_a_header_from_which_the_values_cannot_be_told_is_rejected(elements, reason):
    with pytest.raises(ImageRejected, match=reason):
        decode(make_dataset(VALUES, **elements))


@pytest.mark.parametrize(
    ("photometric", "shape"), [("MONOCHROME1", "INVERSE"), ("MONOCHROME2", "IDENTITY")]
)
def test_a_shape_that_says_the_same_changes_nothing(photometric, shape):
    dataset = make_dataset(VALUES, PhotometricInterpretation=photometric)
    plain = decode(dataset)
    dataset.PresentationLUTShape = shape

    np.testing.assert_array_equal(decode(dataset), plain)


@pytest.mark.parametrize(
    ("photometric", "shape"), [("MONOCHROME2", "INVERSE"), ("MONOCHROME1", "IDENTITY")]
)
def test_a_shape_that_contradicts_is_told(photometric, shape):
    dataset = make_dataset(VALUES, PhotometricInterpretation=photometric)
    dataset.PresentationLUTShape = shape

    with pytest.raises(ImageRejected, match=f"contradicts itself: .*{photometric} .*"):
        decode(dataset)


def _table(count, first, entries, bits=16):
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [count, first, bits])
    dtype = "<u2" if bits > 8 else "u1"
    item.add_new("LUTData", "OW", np.asarray(entries).astype(dtype).tobytes())
    return [item]


def test_values_outside_a_table_take_its_ends():
    entries = np.arange(1000) ** 2 // 20

    grey = decode(make_dataset(VALUES, VOILUTSequence=_table(1000, 736, entries)))

    index = np.clip(VALUES.astype(int) - 736, 0, 999)
    _assert_nearly(grey, scale(entries[index]))


def test_entries_of_8_bits_stand_in_a_byte_each():
    entries = np.arange(4096) // 16

    grey = decode(make_dataset(VALUES, VOILUTSequence=_table(4096, 0, entries, 8)))

    _assert_nearly(grey, scale(entries[VALUES]))


def test_a_table_for_values_with_a_sign_begins_below_0():
    signed = VALUES.astype(np.int16) - 2048
    entries = np.arange(4096)[::-1] * 16
    dataset = make_dataset(signed)
    dataset.ModalityLUTSequence = _table(4096, -2048 & 0xFFFF, entries)

    _assert_nearly(decode(dataset), scale(entries[VALUES]))


def test_a_table_after_rescaling_is_entered_with_rescaled_values():
    entries = np.arange(4096) ** 2 // 300
    dataset = make_dataset(VALUES, VOILUTSequence=_table(4096, 0, entries))
    dataset.RescaleSlope, dataset.RescaleIntercept = -1, 4095

    _assert_nearly(decode(dataset), scale(entries[4095 - VALUES.astype(int)]))


def test_an_empty_table_leaves_the_window():
    item = Dataset()
    item.add_new("LUTDescriptor", "US", None)
    item.add_new("LUTData", "OW", b"")
    dataset = make_dataset(VALUES, WindowCenter=1500, WindowWidth=1000)
    dataset.VOILUTSequence = [item]

    _assert_nearly(decode(dataset), scale(_window(VALUES, 1500, 1000)))


def test_a_table_cut_short_is_rejected():
    dataset = make_dataset(VALUES, VOILUTSequence=_table(4096, 0, np.arange(1000)))

    with pytest.raises(ImageRejected, match="broken VOI table: its data are cut short"):
        decode(dataset)


def test_one_mark_at_the_top_leaves_the_rest_its_contrast():
    film = np.tile(np.arange(1000, 2000, dtype=np.uint16), (20, 1))
    film[0, :5] = 65535

    grey = decode(make_dataset(film), largest_image=film.size)

    low, high = np.percentile(film, [0.1, 99.9])
    _assert_nearly(grey, np.clip((film - low) * 255 / (high - low), 0, 255))
    assert grey[1, -1] - grey[1, 0] == 255
