import Foundation
import StableDiffusion3

/// A term of the loss that training lowers.
public enum LossTerm: String, Codable, Sendable, CaseIterable {
    /// The mean squared error of the predicted latent to the mask's, as the original trains; of the latent head alone.
    case latentMSE = "latent_mse"
    /// The cross-entropy of each pixel: binary, or of background, things and stuff.
    case crossEntropy = "cross_entropy"
    /// 1 − Dice's coefficient of the soft mask.
    case dice
    /// 1 − the F measure of the soft mask's boundary.
    case boundary

    /// Whether it looks at pixels.
    var isOfPixels: Bool { self != .latentMSE }

    /// What each is called in logs.
    var logName: String { "loss_\(rawValue)" }
}

/// The loss as a sum of terms, each times its weight.
public struct LossWeights: Equatable, Sendable {
    /// Above 0, each term once, in the order of ``LossTerm``.
    public let weights: [LossTerm: Double]

    public init(_ weights: [LossTerm: Double]) { self.weights = weights }

    /// The terms with their weights, in a fixed order.
    var terms: [(term: LossTerm, weight: Double)] {
        LossTerm.allCases.compactMap { term in weights[term].map { (term, $0) } }
    }

    /// What the terms' values come to, those of pixels times `pixelShare` besides.
    func value(of values: [LossTerm: Double], pixelShare: Double) -> Double {
        terms.reduce(0) { sum, term in
            sum + (values[term.term] ?? 0) * term.weight * (term.term.isOfPixels ? pixelShare : 1)
        }
    }

    /// What is trained where nothing else is asked for.
    static func standard(_ head: MaskHead) -> LossWeights {
        LossWeights(head == .latent ? [.latentMSE: 1] : [.crossEntropy: 1])
    }
}

/// `latent_mse=1,boundary=0.5`: names with commas between, each with its weight, which may be left out where it is 1.
extension LossWeights: SettingValue {
    static let range = 1e-6...1e6

    package init?(settingText: String) {
        var weights: [LossTerm: Double] = [:]
        for part in settingText.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard (1...2).contains(pair.count), let term = LossTerm(rawValue: pair[0]), weights[term] == nil,
                let weight = pair.count == 1 ? 1 : Double(settingText: pair[1]), Self.range.contains(weight)
            else { return nil }
            weights[term] = weight
        }
        self.init(weights)
    }

    package var settingText: String {
        terms.map { $0.weight == 1 ? $0.term.rawValue : "\($0.term.rawValue)=\($0.weight.settingText)" }
            .joined(separator: ",")
    }
    package var stored: String { settingText }
    package init?(stored: String) { self.init(settingText: stored) }
    package static var typeName: String { "losses" }
    package static var expectation: String {
        "some of \(LossTerm.allCases.map(\.rawValue).joined(separator: ", ")) with commas between, each once and perhaps with =WEIGHT from 1e-6 to 1e6,"
    }
}
