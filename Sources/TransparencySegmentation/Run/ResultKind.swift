public import Images

/// What can be written of a picture.
public enum ResultKind: String, CaseIterable, Sendable {
    /// How surely each pixel is transparent, gray.
    case soft
    /// Black and white.
    case mask
    /// The picture with the mask tinted.
    case overlay
    /// The picture with the soft mask as alpha.
    case cutout
    /// How unsure each pixel is, gray.
    case uncertainty
    /// The glass alone, as a layer that can be laid over another background: an approximation (``Segmentation/seeThrough(of:)``).
    case seeThrough = "see-through"
    /// Things red, stuff white, the rest black; of models that tell them apart only.
    case classes

    /// Whether its pictures have alpha.
    var hasAlpha: Bool { self == .cutout || self == .seeThrough }

    /// The result as a picture; nil of ``classes`` where the model has none.
    ///
    /// - Parameters:
    ///   - segmentation: What was found in the picture.
    ///   - picture: The picture that was segmented, RGB.
    /// - Throws: ``SegmentationError/size(_:)`` when it has another size.
    public func image(of segmentation: Segmentation, picture: Image) throws -> Image? {
        switch self {
        case .soft: try segmentation.softImage()
        case .mask: try segmentation.maskImage()
        case .overlay: try segmentation.overlay(on: picture)
        case .cutout: try segmentation.cutout(of: picture)
        case .uncertainty: try segmentation.uncertaintyImage()
        case .seeThrough: try segmentation.seeThrough(of: picture)
        case .classes: try segmentation.classesImage()
        }
    }
}
