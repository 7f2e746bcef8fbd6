import CVips

extension VipsPicture {
    /// Bands that are color: 4 for CMYK, else 3 or 1. One band more than that is alpha.
    var colorBands: Int {
        if interpretation == VIPS_INTERPRETATION_CMYK { return 4 }
        return bands < 3 ? 1 : 3
    }

    /// The picture, which has 8 bits and color bands only, as sRGB.
    func convertedToSRGB() throws(VipsFailure) -> VipsPicture {
        let hasUsefulProfile = profile.map(isUseful) ?? false
        if !hasUsefulProfile { removeProfile() }
        if hasUsefulProfile || interpretation == VIPS_INTERPRETATION_CMYK {
            return try applying { cvips_to_srgb($0, &$1) }
        }
        return bands == 1 ? try applying { cvips_gray_to_rgb($0, &$1) } : self
    }

    /// Whether an ICC profile fits the bands, works, and is not sRGB in effect.
    ///
    /// Little CMS answers a conversion from sRGB to sRGB with values that are one step off here and there. So the
    /// profile is tried on a lattice of colors first, which also finds out about broken ones.
    private func isUseful(_ profile: [UInt8]) -> Bool {
        guard profileSpace(profile) == [1: "GRAY", 3: "RGB ", 4: "CMYK"][bands] else { return false }
        let colors = lattice(dimensions: bands, steps: [1: 256, 3: 17][bands] ?? 2)
        guard let converted = try? Self.convert(colors, bands: bands, profile: profile) else { return false }
        if bands == 4 { return true }
        let unchanged = bands == 1 ? colors.flatMap { [$0, $0, $0] } : colors
        return zip(converted, unchanged).contains { abs(Int($0) - Int($1)) > 1 }
    }

    /// A row of 8-bit colors converted from `profile` to sRGB.
    private static func convert(_ colors: [UInt8], bands: Int, profile: [UInt8]) throws(VipsFailure) -> [UInt8] {
        let row = try VipsPicture { result in
            result = vips_image_new_from_memory_copy(
                colors, colors.count, Int32(colors.count / bands), 1, Int32(bands), VIPS_FORMAT_UCHAR)
            return result == nil ? -1 : 0
        }
        row.setProfile(profile)
        return try row.applying { cvips_to_srgb($0, &$1) }.samples()
    }
}

/// Every combination of `steps` evenly spaced levels from 0 to 255 in each of `dimensions`, interleaved.
private func lattice(dimensions: Int, steps: Int) -> [UInt8] {
    var points: [[UInt8]] = [[]]
    for _ in 0..<dimensions {
        points = points.flatMap { point in (0..<steps).map { point + [UInt8($0 * 255 / (steps - 1))] } }
    }
    return points.flatMap { $0 }
}

/// The color space that an ICC profile's header declares, such as "RGB " or "GRAY"; nil when it is no profile.
/// Source: ICC.1:2022, section 7.2.
private func profileSpace(_ profile: [UInt8]) -> String? {
    guard profile.count >= 128, profile[36..<40].elementsEqual("acsp".utf8) else { return nil }
    return String(decoding: profile[16..<20], as: UTF8.self)
}
