import Foundation
import Images

extension BoundaryAgreement {
    /// A way to turn a mask under which it fits better.
    struct Turn {
        let degrees: Int
        let action: RepairPlan.Action
        let advantage: Double

        var advantageText: String { String(format: "%.1f", advantage) }
    }

    private static let turns: [(Int, Orientation, RepairPlan.Action)] = [
        (90, Orientation.quarterTurns[1], .turnMask90), (180, Orientation.quarterTurns[2], .turnMask180),
        (270, Orientation.quarterTurns[3], .turnMask270),
    ]

    /// The turn under which a mask that has the picture's size fits decisively better than as it is, if there is one.
    func betterTurn(of mask: Image) -> Turn? {
        let found = Self.turns.compactMap { degrees, turn, action in
            advantage(of: mask.turned(from: turn), over: mask).map {
                Turn(degrees: degrees, action: action, advantage: $0)
            }
        }
        return found.max { $0.advantage < $1.advantage }.flatMap { $0.advantage > Self.decisive ? $0 : nil }
    }

    /// Which quarter turn brings a mask with the picture's sides exchanged upon it; nil when the content does not decide.
    func quarterTurn(of mask: Image) -> RepairPlan.Action? {
        let right = mask.turned(from: Orientation.quarterTurns[1])
        let left = mask.turned(from: Orientation.quarterTurns[3])
        guard let advantage = advantage(of: right, over: left), abs(advantage) > Self.decisive else { return nil }
        return advantage > 0 ? .turnMask90 : .turnMask270
    }
}
