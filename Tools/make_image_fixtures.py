#!/usr/bin/env python3
"""Makes Tests/ImagesTests/Fixtures: small image files, and what Pillow reads from them as .ppm files.

Made with Pillow 13.0.0, numpy 2.4.6 and, for HEIC, libvips 8.14.1 with libheif's x265 encoder:

    python Tools/make_image_fixtures.py

`NAME.EXT` is a fixture and `NAME.EXT.ppm` its expected pixels; several fixtures share `scene.ppm` or `small.ppm`.
All pictures are synthetic and seeded.
"""

import ctypes
import ctypes.util
import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

FOLDER = Path(__file__).resolve().parent.parent / "Tests" / "ImagesTests" / "Fixtures"


# Pictures


def make_scene(width, height, seed):
    """Gradients, a disc with a hard edge, and noise: flat, smooth and busy parts."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack([x * 255 / (width - 1), y * 255 / (height - 1), 255 - x * 255 / (width - 1)], axis=-1)
    disc = (x - width * 0.6) ** 2 + (y - height * 0.4) ** 2 < (height * 0.3) ** 2
    picture[disc] = (230, 40, 60)
    picture[:, : width // 4] += rng.normal(0, 30, (height, width // 4, 3))
    return np.clip(picture, 0, 255).astype(np.uint8)


SCENE = make_scene(67, 45, seed=1)
SMALL = make_scene(35, 23, seed=2)


# Files


def expect(name, rgb):
    """Writes expected pixels, an array of height x width x 3."""
    height, width, _ = rgb.shape
    (FOLDER / name).write_bytes(b"P6\n%d %d\n255\n" % (width, height) + rgb.astype(np.uint8).tobytes())


def expect_pillow(name):
    """Expects of a fixture what Pillow makes of it."""
    expect(name + ".ppm", np.asarray(Image.open(FOLDER / name).convert("RGB")))


def save(name, image, **options):
    image.save(FOLDER / name, **options)
    return FOLDER / name


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_file(width, height, depth, color_type, data, interlaced=False, extra=b""):
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + extra
        + png_chunk(b"IDAT", zlib.compress(data, 9)) + png_chunk(b"IEND", b"")
    )


def save_png16(name, samples, color_type, extra=b""):
    """samples: height x width x channels, 0 to 65535. Pillow writes 16 bits for gray only."""
    height, width, _ = samples.shape
    rows = samples.astype(">u2").reshape(height, -1)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    (FOLDER / name).write_bytes(png_file(width, height, 16, color_type, data, extra=extra))


def save_interlaced_png(name, rgb):
    """Adam7, which Pillow reads but does not write."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    data = b""
    for x, y, step_x, step_y in passes:
        for row in rgb[y::step_y, x::step_x]:
            if row.size:
                data += b"\0" + row.tobytes()
    height, width, _ = rgb.shape
    (FOLDER / name).write_bytes(png_file(width, height, 8, 2, data, interlaced=True))


# ICC profiles


def icc_profile(device_class, space, pcs, tags):
    table, data = b"", b""
    offset = 128 + 4 + 12 * len(tags)
    for signature, value in tags:
        value += b"\0" * (-len(value) % 4)
        table += signature + struct.pack(">II", offset + len(data), len(value))
        data += value
    body = struct.pack(">I", len(tags)) + table + data
    white = struct.pack(">iii", *(round(v * 65536) for v in (0.9642, 1.0, 0.8249)))
    header = struct.pack(">I4sI4s4s4s12s4s", 128 + len(body), b"\0" * 4, 0x02400000, device_class, space, pcs,
                         struct.pack(">6H", 2024, 1, 1, 0, 0, 0), b"acsp")
    header += b"\0" * (64 - len(header)) + struct.pack(">I", 1) + white
    return header + b"\0" * (128 - len(header)) + body


def icc_text():
    description = b"Fixture\0"
    return [
        (b"desc", b"desc\0\0\0\0" + struct.pack(">I", len(description)) + description + b"\0" * 78),
        (b"cprt", b"text\0\0\0\0" + b"None\0"),
        (b"wtpt", icc_xyz(0.9642, 1.0, 0.8249)),
    ]


def icc_xyz(*values):
    return b"XYZ \0\0\0\0" + struct.pack(">iii", *(round(v * 65536) for v in values))


def icc_curve(function, count=1024):
    values = [round(65535 * function(i / (count - 1))) for i in range(count)]
    return b"curv\0\0\0\0" + struct.pack(">I%dH" % count, count, *values)


def srgb_to_linear(value):
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def rgb_profile(red, green, blue):
    curve = icc_curve(srgb_to_linear, 256)
    colorants = [(b"rXYZ", icc_xyz(*red)), (b"gXYZ", icc_xyz(*green)), (b"bXYZ", icc_xyz(*blue))]
    return icc_profile(b"mntr", b"RGB ", b"XYZ ",
                       icc_text() + colorants + [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")])


# Primaries adapted to D50, rows are X Y Z of red, green and blue.
DISPLAY_P3 = rgb_profile((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
SRGB = rgb_profile((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
GRAY = icc_profile(b"mntr", b"GRAY", b"XYZ ", icc_text() + [(b"kTRC", icc_curve(lambda v: v**1.4, 256))])


def cmyk_profile():
    """A table of 3 x 3 x 3 x 3 colors with Lab values of ideal inks."""
    grid = 3
    matrix = np.array([(0.43607, 0.38515, 0.14307), (0.22249, 0.71687, 0.06061), (0.01392, 0.09708, 0.71410)])
    white = np.array([0.9642, 1.0, 0.8249])
    table = []
    for index in range(grid**4):
        ink = [index // grid**power % grid / (grid - 1) for power in (3, 2, 1, 0)]
        rgb = [0.95 * (1 - 0.9 * ink[i]) * (1 - 0.95 * ink[3]) + 0.02 for i in range(3)]
        ratio = matrix @ [srgb_to_linear(v) for v in rgb] / white
        f = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in ratio]
        lab = (116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2]))
        table += [round(lab[0] * 652.8), round((lab[1] + 128) * 256), round((lab[2] + 128) * 256)]
    straight = [0, 65535]
    lut = b"mft2\0\0\0\0" + struct.pack(">BBBB", 4, 3, grid, 0)
    lut += struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536) + struct.pack(">HH", 2, 2)
    lut += struct.pack(">8H", *straight * 4) + struct.pack(">%dH" % len(table), *table)
    lut += struct.pack(">6H", *straight * 3)
    return icc_profile(b"prtr", b"CMYK", b"Lab ", icc_text() + [(b"A2B0", lut), (b"A2B1", lut)])


def to_srgb(image, profile):
    """The conversion that Images documents: relative colorimetric, black point compensation."""
    converted = ImageCms.profileToProfile(
        image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC, outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION)
    return np.asarray(converted)


# Groups of fixtures


def make_jpegs():
    scene = Image.fromarray(SCENE)
    save("420.jpg", scene, quality=85, subsampling=2)
    save("422.jpg", scene, quality=85, subsampling=1)
    save("444.jpg", scene, quality=85, subsampling=0)
    save("progressive.jpg", scene, quality=85, subsampling=2, progressive=True)
    save("restart.jpg", scene, quality=85, subsampling=2, restart_marker_blocks=2)
    save("gray.jpg", scene.convert("L"), quality=85)
    for name in ("420.jpg", "422.jpg", "444.jpg", "gray.jpg"):
        expect_pillow(name)
    # Both hold the coefficients of 420.jpg in another order, so they share its pixels.
    expected = np.asarray(Image.open(FOLDER / "420.jpg"))
    for name in ("progressive.jpg", "restart.jpg"):
        assert np.array_equal(np.asarray(Image.open(FOLDER / name)), expected), name


def make_orientations():
    small = Image.fromarray(SMALL)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        path = save(f"orientation-{orientation}.jpg", small, quality=80, subsampling=0, exif=exif)
        upright = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        expect(f"orientation-{orientation}.jpg.ppm", np.asarray(upright))
    exif = Image.Exif()
    exif[0x0112] = 6
    save("orientation-6.png", small, exif=exif)
    save("orientation-6.webp", small, exif=exif, lossless=True)
    save("orientation-6.tif", small, compression="tiff_lzw", tiffinfo={0x0112: 6})
    expect("small-turned.ppm", np.asarray(small.transpose(Image.Transpose.ROTATE_270)))


def make_profiles():
    scene, small = Image.fromarray(SCENE), Image.fromarray(SMALL)
    pillow_srgb = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    pillow_srgb[24:36] = struct.pack(">6H", 2024, 1, 1, 0, 0, 0)  # Its date would differ at each run.
    save("srgb-pillow.jpg", scene, quality=85, subsampling=2, icc_profile=bytes(pillow_srgb))  # pixels of 420.jpg
    save("srgb-made.png", small, icc_profile=SRGB)
    save("display-p3.png", scene, icc_profile=DISPLAY_P3)
    expect("display-p3.png.ppm", to_srgb(scene, DISPLAY_P3))
    samples = SCENE.astype(np.uint16) * 257
    chunk = png_chunk(b"iCCP", b"P3\0\0" + zlib.compress(DISPLAY_P3, 9))
    save_png16("display-p3-16.png", samples, 2, extra=chunk)
    gray = small.convert("L")
    save("gray-profile.png", gray, icc_profile=GRAY)
    expect("gray-profile.png.ppm", to_srgb(gray, GRAY))
    save("broken-profile.png", small, icc_profile=DISPLAY_P3[:200])
    save("nonsense-profile.webp", small, icc_profile=b"nonsense" * 40, lossless=True)
    save("gray-profile-on-rgb.tif", small, icc_profile=GRAY, compression="tiff_lzw")
    save("rgb-profile-on-gray.jpg", scene.convert("L"), quality=85, icc_profile=DISPLAY_P3)  # pixels of gray.jpg


def make_cmyk():
    # Patches of 16 x 16: paper, cyan, magenta, yellow, black, half black.
    inks = [(0, 0, 0, 0), (255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0), (0, 0, 0, 255), (0, 0, 0, 128)]
    patches = np.repeat(np.repeat(np.array([inks], np.uint8), 16, axis=0), 16, axis=1)
    image = Image.fromarray(patches, mode="CMYK")
    save("cmyk.jpg", image, quality=95, subsampling=0)
    save("cmyk.tif", image, compression="tiff_lzw")
    profile = cmyk_profile()
    path = save("cmyk-profile.jpg", image, quality=95, subsampling=0, icc_profile=profile)
    expect("cmyk-profile.jpg.ppm", to_srgb(Image.open(path), profile))

    save("cmyk-gray-profile.tif", image, compression="tiff_lzw", icc_profile=GRAY)
    save("cmyk-broken-profile.tif", image, compression="tiff_lzw", icc_profile=profile.replace(b"mft2", b"none"))

    # YCCK as Adobe writes it: inverted CMYK becomes RGB by another inversion, then YCbCr; K stays inverted; the
    # marker's transform is 2. Pillow inverts what it writes, hence the inversion of all planes.
    ycc = np.asarray(Image.fromarray(patches[..., :3]).convert("YCbCr"))
    planes = np.concatenate([ycc, 255 - patches[..., 3:]], axis=-1)
    buffer = io.BytesIO()
    Image.fromarray(255 - planes, mode="CMYK").save(buffer, "JPEG", quality=95, subsampling=0)
    data = bytearray(buffer.getvalue())
    data[data.index(b"Adobe") + 11] = 2
    (FOLDER / "ycck.jpg").write_bytes(data)


def make_depths():
    small = Image.fromarray(SMALL)
    save("rgb.png", small, optimize=True)
    expect("small.ppm", SMALL)
    save_interlaced_png("interlaced.png", SMALL)
    save("palette.png", small.quantize(31), bits=8)
    save("palette-4bit.png", small.quantize(9), bits=4)
    save("one-bit.png", small.convert("1"))
    save("one-bit.tif", small.convert("1"), compression="group4")
    save("gray.png", small.convert("L"))
    save("lzw.tif", small, compression="tiff_lzw")
    for name in ("palette.png", "palette-4bit.png", "one-bit.png", "one-bit.tif", "gray.png"):
        expect_pillow(name)

    wide = SMALL.astype(np.uint16) * 256 + np.random.default_rng(3).integers(0, 256, SMALL.shape)
    save_png16("rgb-16.png", wide, 2)
    save_png16("gray-16.png", wide[..., :1], 0)
    expect("gray-16.png.ppm", np.repeat(SMALL[..., :1], 3, axis=-1))
    save("float.tif", Image.fromarray(SMALL[..., 0].astype(np.float32)))


def over_white(rgb, alpha):
    weight = alpha[..., None] / 255
    return np.floor(rgb * weight + 255 * (1 - weight))


def make_alpha():
    height, width, _ = SMALL.shape
    alpha = np.tile(np.linspace(0, 255, width).round().astype(np.uint8), (height, 1))
    expected = over_white(SMALL.astype(float), alpha)
    rgba = Image.fromarray(np.dstack([SMALL, alpha]))
    save("alpha.png", rgba)
    save("alpha.webp", rgba, lossless=True, exact=True)
    save("alpha.tif", rgba, compression="tiff_lzw")
    save_png16("alpha-16.png", np.dstack([SMALL, alpha]).astype(np.uint16) * 257, 6)
    expect("alpha.ppm", expected)
    save("opaque.png", Image.fromarray(np.dstack([SMALL, np.full_like(alpha, 255)])))

    gray = Image.fromarray(np.dstack([SMALL[..., 0], alpha]), mode="LA")
    save("gray-alpha.png", gray)
    expect("gray-alpha.png.ppm", np.repeat(over_white(SMALL[..., :1].astype(float), alpha), 3, axis=-1))

    palette = Image.fromarray(SMALL).quantize(15)
    save("palette-alpha.png", palette, transparency=3)
    rgb = np.asarray(palette.convert("RGB")).copy()
    rgb[np.asarray(palette) == 3] = 255
    expect("palette-alpha.png.ppm", rgb)


def make_sequences():
    small = Image.fromarray(SMALL)
    other = Image.fromarray(255 - SMALL)
    save("two-frames.webp", small, save_all=True, append_images=[other], lossless=True, duration=100)
    save("two-frames.png", small, save_all=True, append_images=[other], duration=100)
    save("two-pages.tif", small, save_all=True, append_images=[other], compression="tiff_lzw")


def make_webp_and_heic():
    scene = Image.fromarray(SCENE)
    save("lossy.webp", scene, quality=80)
    expect_pillow("lossy.webp")
    expect("scene.ppm", SCENE)
    save("scene.avif", scene, quality=95, subsampling="4:4:4")
    exif = Image.Exif()
    exif[0x0112] = 6
    save("orientation-6.avif", Image.fromarray(SMALL), quality=95, subsampling="4:4:4", exif=exif)

    vips = ctypes.CDLL(ctypes.util.find_library("vips") or sys.exit("libvips is needed for HEIC"))
    vips.vips_init(b"fixtures")
    vips.vips_image_new_from_file.restype = ctypes.c_void_p
    picture = ctypes.c_void_p(vips.vips_image_new_from_file(str(FOLDER / "display-p3.png").encode(), None))
    target = str(FOLDER / "display-p3.heic") + "[Q=95,compression=hevc,subsample_mode=off]"
    if vips.vips_image_write_to_file(picture, target.encode(), None):
        sys.exit("libvips could not write HEIC")


def make_bombs():
    row = zlib.compress(b"\0" * 100)
    for name, interlace in (("bomb.png", 0), ("bomb-interlaced.png", 1)):
        header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, interlace)
        data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", row) + png_chunk(b"IEND", b"")
        (FOLDER / name).write_bytes(data)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for make in (make_jpegs, make_orientations, make_profiles, make_cmyk, make_depths, make_alpha, make_sequences,
                 make_webp_and_heic, make_bombs):
        make()
    print(sum(path.stat().st_size for path in FOLDER.iterdir()), "bytes in", len(list(FOLDER.iterdir())), "files")
