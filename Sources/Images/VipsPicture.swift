import CVips

/// libvips reported a failure; the text waits in `VipsMessages.take`.
struct VipsFailure: Error {}

/// An owned reference to a libvips image: a description of how to compute pixels, not the pixels themselves.
///
/// A picture stays within one read or write. Its metadata may be changed by the functions here, so it is not shared
/// between threads.
final class VipsPicture {
    private let pointer: UnsafeMutablePointer<VipsImage>

    /// Runs a libvips operation that has no input picture and takes over its result.
    ///
    /// - Throws: `VipsFailure` when the operation does not return 0.
    init(_ make: (inout UnsafeMutablePointer<VipsImage>?) -> Int32) throws(VipsFailure) {
        var made: UnsafeMutablePointer<VipsImage>?
        guard make(&made) == 0, let made else { throw VipsFailure() }
        pointer = made
    }

    deinit { g_object_unref(pointer) }

    /// Calls `body` with the image, which stays alive for the call.
    func with<Result, Failure: Error>(
        _ body: (UnsafeMutablePointer<VipsImage>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(pointer)
    }

    /// The result of a libvips operation on this picture.
    ///
    /// - Throws: `VipsFailure` when the operation does not return 0.
    func applying(
        _ operation: (UnsafeMutablePointer<VipsImage>, inout UnsafeMutablePointer<VipsImage>?) -> Int32
    ) throws(VipsFailure) -> VipsPicture {
        try with { input throws(VipsFailure) in try VipsPicture { operation(input, &$0) } }
    }

    var width: Int { with { Int(vips_image_get_width($0)) } }
    var height: Int { with { Int(vips_image_get_height($0)) } }
    var bands: Int { with { Int(vips_image_get_bands($0)) } }
    var sampleFormat: VipsBandFormat { with { vips_image_get_format($0) } }
    var interpretation: VipsInterpretation { with { vips_image_get_interpretation($0) } }

    /// The EXIF orientation; `topLeft` when there is none or a meaningless one.
    var orientation: Orientation { with { Orientation(rawValue: Int(vips_image_get_orientation($0))) } ?? .topLeft }

    /// The embedded ICC profile, not yet checked in any way.
    var profile: [UInt8]? {
        with { image in
            var data: UnsafeRawPointer?
            var size = 0
            guard vips_image_get_typeof(image, VIPS_META_ICC_NAME) != 0,
                vips_image_get_blob(image, VIPS_META_ICC_NAME, &data, &size) == 0
            else { return nil }
            return [UInt8](UnsafeRawBufferPointer(start: data, count: size))
        }
    }

    /// Embeds an ICC profile.
    func setProfile(_ profile: [UInt8]) {
        with { vips_image_set_blob_copy($0, VIPS_META_ICC_NAME, profile, profile.count) }
    }

    /// Takes the embedded ICC profile out, if there is one.
    func removeProfile() {
        _ = with { vips_image_remove($0, VIPS_META_ICC_NAME) }
    }

    /// Computes all samples, which must be of 8 bits, on the calling thread.
    ///
    /// - Throws: `VipsFailure` when a source gives out or is damaged.
    func samples() throws(VipsFailure) -> [UInt8] { try copiedSamples() }

    /// As ``samples()``, of 16 bits.
    func wideSamples() throws(VipsFailure) -> [UInt16] { try copiedSamples() }

    private func copiedSamples<Sample: FixedWidthInteger>() throws(VipsFailure) -> [Sample] {
        let sampleCount = width * height * bands
        var result: Int32 = -1
        let samples = [Sample](unsafeUninitializedCapacity: sampleCount) { buffer, initializedCount in
            result = with { cvips_copy_pixels($0, UnsafeMutableRawPointer(buffer.baseAddress)) }
            initializedCount = result == 0 ? sampleCount : 0
        }
        guard result == 0 else { throw VipsFailure() }
        return samples
    }
}
