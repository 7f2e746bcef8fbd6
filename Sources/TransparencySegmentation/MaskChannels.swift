import StableDiffusion3
import Torch

/// What the channels of a model's mask mean.
package enum MaskChannels: Sendable, Equatable {
    /// Those of a picture that the VAE has decoded.
    case picture(MaskTarget)
    /// One: how surely something is transparent.
    case glass
    /// Three: the probabilities of background, things and stuff.
    case classes

    init(_ head: HeadForm, _ target: MaskTarget) {
        guard case .readout(let configuration) = head else {
            self = .picture(target)
            return
        }
        self = configuration.numClasses == 1 ? .glass : .classes
    }

    /// Whether things and stuff are told apart.
    var hasClasses: Bool { self == .classes || self == .picture(.color) }

    /// The mask of a readout's logits `[N, K, H, W]`, in 0…1.
    func probabilities(of logits: Tensor) throws -> Tensor {
        try self == .classes ? logits.softmax(1) : logits.sigmoid()
    }

    /// How surely something is transparent.
    ///
    /// - Parameter mask: `[N, C, H, W]` in 0…1.
    /// - Returns: `[N, 1, H, W]` in 0…1; of classes 1 − P(background).
    func softMask(of mask: Tensor) throws -> Tensor {
        switch self {
        case .picture(let target): try target.softMask(of: mask)
        case .glass: mask
        case .classes: try mask.narrow(1, start: 0, length: 1) * -1 + 1
        }
    }

    /// Of each pixel what it is if it is transparent: 1 things, 2 stuff. nil where they are not told apart.
    ///
    /// - Parameter planes: Three planes, one after the other.
    func kinds(of planes: [Float]) -> [UInt8]? {
        switch self {
        case .picture(let target): return target.kinds(of: planes)
        case .glass: return nil
        case .classes:
            let count = planes.count / 3
            return (0..<count).map { planes[2 * count + $0] > planes[count + $0] ? 2 : 1 }
        }
    }
}
