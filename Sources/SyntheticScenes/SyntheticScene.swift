public import Images
import SeededRandom
public import SegmentationMetrics
public import TransparencyData

/// A drawn picture with glass in it, or without, and its mask: a pure function of a few values.
///
/// ```swift
/// let (picture, mask) = try SyntheticScene(seed: 1, split: .train, index: 0, size: 128).draw()
/// ```
///
/// Any number of threads may draw at once. Pictures of one index in two sizes show the same scene.
public struct SyntheticScene: Sendable {
    public let seed: UInt64
    public let split: Split
    public let index: Int
    /// Pixels per side; a multiple of 16 where the picture is for the models.
    public let size: Int
    /// What is behind the glass, of which more scenes then have much; nil for drawn walls.
    public let photographs: Photographs?

    /// Describes a scene; nothing is drawn yet.
    public init(seed: UInt64, split: Split, index: Int, size: Int) {
        self.init(seed: seed, split: split, index: index, size: size, photographs: nil)
    }

    /// Describes a scene over photographs, or without them one before a drawn wall.
    public init(seed: UInt64, split: Split, index: Int, size: Int, photographs: Photographs?) {
        (self.seed, self.split, self.index, self.size, self.photographs) = (seed, split, index, size, photographs)
    }

    /// Every fifth scene is hard; in Trans10K 937 of 4,428 test pictures are.
    public var difficulty: Difficulty { index % 5 == 4 ? .hard : .easy }

    /// Draws the scene.
    ///
    /// - Returns: the picture, RGB, and its mask of the same size with one channel: 0 background, 1 things, 2 stuff.
    /// - Throws: `ImageError.invalidPixels` when `size` is below 1.
    public func draw() throws -> (picture: Image, mask: Image) {
        try draw(withGlass: true)
    }

    /// Draws the scene, if wanted without all of its glass and with everything else in its place.
    func draw(withGlass: Bool) throws -> (picture: Image, mask: Image) {
        guard size > 0 else {
            throw ImageError.invalidPixels(width: size, height: size, channels: 3, sampleCount: 0)
        }
        var random = KeyedRandom(keys: seed, split.number, UInt64(bitPattern: Int64(index)))
        let plan = ScenePlan(&random, difficulty: difficulty, photographs: photographs)
        var canvas = SceneCanvas(size: size)
        plan.backdrop.draw(on: &canvas)
        for item in plan.items where withGlass || !item.isGlass { item.draw(on: &canvas) }
        let samples = plan.camera.photograph(canvas)
        return (
            try Image(width: size, height: size, channels: 3, pixels: samples),
            try Image(width: size, height: size, channels: 1, pixels: canvas.classes)
        )
    }
}

extension Split {
    /// Part of the scenes' seeds, so never to be changed.
    fileprivate var number: UInt64 {
        switch self {
        case .train: 0
        case .validation: 1
        case .test: 2
        }
    }
}
