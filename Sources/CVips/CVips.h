// The libvips calls that Swift cannot make: variadic functions and macros.
//
// libvips takes its options as variadic name-value lists, which Swift does not import. Each function here fixes
// one such list. Conventions are libvips' own: 0 is success, a created object belongs to the caller (g_object_unref),
// arguments are borrowed.

#ifndef CVIPS_H
#define CVIPS_H

#include <vips/vips.h>

static inline void cvips_drop_message(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data) {
    (void)domain, (void)level, (void)message, (void)data;
}

/// Starts libvips with its messages to the terminal off, its cache of operations off and untrusted loaders blocked.
static inline int cvips_start(void) {
    // Before vips_init, which reports modules that do not load.
    g_log_set_handler(
        "VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG, cvips_drop_message,
        NULL);
    if (VIPS_INIT("Images")) return -1;
    vips_cache_set_max(0);
    vips_concurrency_set(1);
    vips_block_untrusted_set(TRUE);
    return 0;
}

/// Whether this libvips has the loader of that name, such as "jpegload_source".
static inline gboolean cvips_has_loader(const char *loader) {
    return vips_type_find("VipsForeignLoad", loader) != 0;
}

/// Reads the header with the named loader; pixels follow from top to bottom as they are asked for.
static inline int cvips_load(const char *loader, VipsSource *source, VipsImage **out) {
    return vips_call(
        loader, source, out, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_ERROR, NULL);
}

/// Keeps `count` bands from `first` on.
static inline int cvips_extract_bands(VipsImage *in, VipsImage **out, int first, int count) {
    return vips_extract_band(in, out, first, "n", count, NULL);
}

/// 16-bit samples to 8 by their high byte; 8-bit samples as they are.
static inline int cvips_to_8_bits(VipsImage *in, VipsImage **out) {
    return vips_cast(in, out, VIPS_FORMAT_UCHAR, "shift", TRUE, NULL);
}

/// One gray band to three equal ones.
static inline int cvips_gray_to_rgb(VipsImage *in, VipsImage **out) {
    VipsImage *bands[3] = {in, in, in};
    return vips_bandjoin(bands, out, 3, NULL);
}

/// To sRGB with 8 bits, from the embedded profile or, without a usable one, from libvips' own CMYK or sRGB.
static inline int cvips_to_srgb(VipsImage *in, VipsImage **out) {
    return vips_icc_transform(
        in, out, "srgb", "embedded", TRUE, "intent", VIPS_INTENT_RELATIVE, "black_point_compensation", TRUE, "depth", 8,
        NULL);
}

/// Lays `color` over `background` (three values, 0 to 255) by the weights of the 8-bit band `alpha`.
static inline int cvips_flatten(VipsImage *color, VipsImage *alpha, const double *background, VipsImage **out) {
    VipsImage *joined = NULL;
    if (vips_bandjoin2(color, alpha, &joined, NULL)) return -1;
    VipsArrayDouble *values = vips_array_double_new(background, 3);
    int result = vips_flatten(joined, out, "background", values, "max_alpha", 255.0, NULL);
    vips_area_unref(VIPS_AREA(values));
    g_object_unref(joined);
    return result;
}

/// Turns the picture upright by its orientation tag; needs pixels in any order.
static inline int cvips_upright(VipsImage *in, VipsImage **out) {
    return vips_autorot(in, out, NULL);
}

/// Computes the picture from top to bottom on the calling thread; `pixels` holds width * height * bands samples.
static inline int cvips_copy_pixels(VipsImage *image, void *pixels) {
    // High enough that one strip serves libvips' own strips of 16 rows several times, low enough to stay small.
    const int strip_height = 128;
    const size_t row_size = VIPS_IMAGE_SIZEOF_LINE(image);
    VipsRegion *region = vips_region_new(image);
    int result = region ? 0 : -1;
    for (int top = 0; result == 0 && top < image->Ysize; top += strip_height) {
        VipsRect strip = {0, top, image->Xsize, VIPS_MIN(strip_height, image->Ysize - top)};
        result = vips_region_prepare(region, &strip);
        for (int y = 0; result == 0 && y < strip.height; y++)
            memcpy((char *)pixels + (size_t)(top + y) * row_size, VIPS_REGION_ADDR(region, 0, top + y), row_size);
    }
    if (region) g_object_unref(region);
    return result;
}

/// An 8-bit PNG with no metadata but `text_count` zTXt chunks; the buffer is the caller's (g_free).
static inline int cvips_png(
    VipsImage *in, int compression, int text_count, const char *const *keywords, const char *const *texts, void **buffer,
    size_t *size) {
    // Without an interpretation four bands would be taken for CMYK. libvips always notes a resolution; 72 pixels per
    // inch (here per millimeter) is what other programs take for "not known".
    VipsImage *tagged = NULL;
    VipsInterpretation interpretation = in->Bands == 1 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
    if (vips_copy(in, &tagged, "interpretation", interpretation, "xres", 72 / 25.4, "yres", 72 / 25.4, NULL)) return -1;
    for (int i = 0; i < text_count; i++) {
        char name[128];
        g_snprintf(name, sizeof name, "png-comment-%d-%s", i, keywords[i]);
        vips_image_set_string(tagged, name, texts[i]);
    }
    int result = vips_pngsave_buffer(
        tagged, buffer, size, "compression", compression, "filter", VIPS_FOREIGN_PNG_FILTER_ALL, "strip",
        text_count == 0, NULL);
    g_object_unref(tagged);
    return result;
}

/// Scales by factors of at most 1, averaging (Lanczos, radius 3).
static inline int cvips_reduce(VipsImage *in, VipsImage **out, double horizontal, double vertical) {
    return vips_resize(in, out, horizontal, "vscale", vertical, NULL);
}

/// A JPEG without metadata and with colors at full resolution; the buffer is the caller's (g_free).
static inline int cvips_jpeg(VipsImage *in, int quality, void **buffer, size_t *size) {
    VipsImage *tagged = NULL;
    VipsInterpretation interpretation = in->Bands == 1 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
    if (vips_copy(in, &tagged, "interpretation", interpretation, "xres", 72 / 25.4, "yres", 72 / 25.4, NULL)) return -1;
    int result = vips_jpegsave_buffer(
        tagged, buffer, size, "Q", quality, "subsample_mode", VIPS_FOREIGN_SUBSAMPLE_OFF, "strip", TRUE, NULL);
    g_object_unref(tagged);
    return result;
}

#endif
