import Foundation
import Images
import Testing
import Torch

@testable import TransparencySegmentation
@testable import TransparencyTraining

@Suite struct MaskTargetTests {
    /// A soft mask is above a half exactly where black is not the nearest color, and classes are the nearest colors.
    @Test func colorsAreTheNearest() throws {
        let steps: [Float] = [0, 0.2, 0.45, 0.55, 0.8, 1]
        let colors = steps.flatMap { r in steps.flatMap { g in steps.map { b in (r, g, b) } } }
        let planes = colors.map(\.0) + colors.map(\.1) + colors.map(\.2)
        let mask = try Tensor(planes, shape: [1, 3, 1, colors.count])
        let soft = try MaskTarget.color.softMask(of: mask).array(of: Float.self)
        let softMask = SoftMask(
            width: colors.count, height: 1, planes: soft, kinds: MaskTarget.color.kinds(of: planes))
        let classes = try #require(softMask.classes(above: 0.5))
        for (index, (r, g, b)) in colors.enumerated() {
            let distances = [
                r * r + g * g + b * b, (1 - r) * (1 - r) + g * g + b * b,
                (1 - r) * (1 - r) + (1 - g) * (1 - g) + (1 - b) * (1 - b),
            ]
            let least = try #require(distances.min())
            // Ties are nobody's.
            guard distances.count(where: { $0 - least < 1e-4 }) == 1 else { continue }
            #expect(distances[Int(classes[index])] == least, "\(r) \(g) \(b)")
            #expect((soft[index] > 0.5) == (classes[index] > 0), "\(r) \(g) \(b)")
        }
        #expect(MaskTarget.binary.kinds(of: planes) == nil)
    }

    @Test func picturesShowTheClasses() throws {
        let classes = try Image(width: 3, height: 1, channels: 1, pixels: [0, 1, 2])
        #expect(try MaskTarget.binary.picture(of: classes).pixels == [0, 0, 0, 255, 255, 255, 255, 255, 255])
        #expect(try MaskTarget.color.picture(of: classes).pixels == [0, 0, 0, 255, 0, 0, 255, 255, 255])
    }

    @Test func predictionTypesGiveBackTheMask() throws {
        let (mask, picture) = (try Tensor.randn([1, 4], seed: 1), try Tensor.randn([1, 4], seed: 2))
        let outputs: [PredictionType: Tensor] = [
            .direct: mask, .negated: try mask * -1, .residual: try picture - mask,
        ]
        for (form, output) in outputs {
            #expect(try (form.mask(output: output, picture: picture) - mask).abs().max().item() < 1e-6)
        }
    }
}
