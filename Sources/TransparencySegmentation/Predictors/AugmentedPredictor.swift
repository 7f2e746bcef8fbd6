package import Images
import Torch

/// The mean of a picture's masks as it is, in a mirror, and at other sizes: test-time augmentation.
///
/// Sizes are 0.75, 1 and 1.25 of the input's, mirrored or not, as in multi-scale inference with flips (Chen et al., "Rethinking Atrous
/// Convolution for Semantic Image Segmentation", 2017, section 4.2, which has six sizes).
package struct AugmentedPredictor: MaskPredictor {
    static let scales = [1, 0.75, 1.25]

    let base: any MaskPredictor
    let flips: Bool
    let scales: Bool

    package var defaultSize: InputSize { base.defaultSize }
    package var sizeUnit: Int { base.sizeUnit }
    package var largestSide: Int { base.largestSide }
    package var identity: [String: String] { base.identity }

    package init(_ base: any MaskPredictor, flips: Bool, scales: Bool) {
        (self.base, self.flips, self.scales) = (base, flips, scales)
    }

    package func predict(
        _ pictures: [Image], size: InputSize?, at resolutions: Set<MaskResolution>
    ) async throws -> [MaskPrediction] {
        // Pictures of one size each, as the sizes of the input may follow from theirs.
        var results: [Int: MaskPrediction] = [:]
        let groups = Dictionary(grouping: pictures.indices) { [pictures[$0].width, pictures[$0].height] }
        for (group, members) in groups {
            let input = try inputSize(width: group[0], height: group[1], size: size)
            let means = try await means(of: members.map { pictures[$0] }, input, at: resolutions)
            for (index, mean) in zip(members, means) { results[index] = mean }
        }
        return pictures.indices.compactMap { results[$0] }
    }

    /// The sizes that a picture is brought to, the nearest that the model takes, each once; the first is the one that was asked for.
    func inputs(_ input: (height: Int, width: Int)) -> [InputSize] {
        guard scales else { return [.exact(height: input.height, width: input.width)] }
        func scaled(_ side: Int, _ scale: Double) -> Int {
            let units = Int((Double(side) * scale / Double(sizeUnit)).rounded())
            return min(max(1, units) * sizeUnit, largestSide / sizeUnit * sizeUnit)
        }
        return Self.scales.reduce(into: []) { sizes, scale in
            let size = InputSize.exact(height: scaled(input.height, scale), width: scaled(input.width, scale))
            if !sizes.contains(size) { sizes.append(size) }
        }
    }

    private func means(
        of pictures: [Image], _ input: (height: Int, width: Int), at resolutions: Set<MaskResolution>
    ) async throws -> [MaskPrediction] {
        let mirrors = flips ? [false, true] : [false]
        let looks = inputs(input).flatMap { size in mirrors.map { (size: size, isMirrored: $0) } }
        var sums = pictures.map { _ in Sums() }
        for look in looks {
            let seen = look.isMirrored ? pictures.map { $0.mirrored() } : pictures
            let found = try await base.predict(seen, size: look.size, at: resolutions)
            for (index, prediction) in found.enumerated() {
                var (atInput, atPicture) = (prediction.atInput, prediction.atPicture)
                if look.isMirrored { (atInput, atPicture) = (atInput?.mirrored(), atPicture?.mirrored()) }
                if let mask = atInput {
                    atInput = try await ComputeActor.run { try mask.resized(width: input.width, height: input.height) }
                }
                sums[index].add(atInput, atPicture, prediction)
            }
        }
        return sums.map { $0.mean(of: looks.count) }
    }

    /// Of one picture's looks.
    private struct Sums {
        private var atInput: PlaneSum?
        private var atPicture: PlaneSum?
        private var cost = MaskPrediction(passCount: 0)

        mutating func add(_ input: SoftMask?, _ picture: SoftMask?, _ prediction: MaskPrediction) {
            Self.add(input, to: &atInput)
            Self.add(picture, to: &atPicture)
            cost.add(costOf: prediction)
        }

        private static func add(_ mask: SoftMask?, to sum: inout PlaneSum?) {
            guard let mask else { return }
            if sum == nil { sum = PlaneSum(mask) } else { sum?.add(mask) }
        }

        func mean(of count: Int) -> MaskPrediction {
            MaskPrediction(
                atInput: atInput?.mean(of: count), atPicture: atPicture?.mean(of: count), timings: cost.timings,
                passCount: cost.passCount)
        }
    }
}

/// Masks of one size, added plane by plane; what a pixel is follows from the softness that speaks for either.
private struct PlaneSum {
    private let width: Int
    private let height: Int
    private var planes: [Float]
    private var lean: [Float]?

    init(_ mask: SoftMask) {
        (width, height, planes) = (mask.width, mask.height, mask.planes)
        lean = Self.lean(of: mask)
    }

    private static func lean(of mask: SoftMask) -> [Float]? {
        mask.kinds.map { zip(mask.values, $0).map { value, kind in kind == 2 ? value : -value } }
    }

    mutating func add(_ mask: SoftMask) {
        for index in planes.indices { planes[index] += mask.planes[index] }
        if let other = Self.lean(of: mask), lean != nil {
            for index in other.indices { lean?[index] += other[index] }
        }
    }

    func mean(of count: Int) -> SoftMask {
        SoftMask(
            width: width, height: height, planes: planes.map { min(1, $0 / Float(count)) },
            kinds: lean.map { $0.map { $0 > 0 ? 2 : 1 } })
    }
}
