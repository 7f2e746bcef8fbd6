import Foundation
import SegmentationMetrics

extension DatasetAudit {
    /// The audit for a terminal: groups, then each kind of fault with its first pictures.
    package var text: String {
        let parts = groups.map { group in
            let name = [group.split?.rawValue, group.difficulty?.rawValue].compactMap(\.self).joined(separator: " ")
            let sizes = zip(group.widths, group.heights).map { "\($0) x \($1)" }
            return "\(name.isEmpty ? "all" : name): \(group.pictures) pictures"
                + (sizes.isEmpty ? "" : ", sides \(sizes[0]) to \(sizes[2]), median \(sizes[1])")
                + String(format: ", %.1f %% glass", 100 * group.glassShare)
        }
        let readings = maskReadings.map { "\($0.masks) masks: \($0.reading.description), such as \($0.example)" }
        let lists = AuditFault.Kind.allCases.flatMap { kind -> [String] in
            let members = faults.filter { $0.kind == kind }
            guard let first = members.first else { return [] }
            let head = "\(first.isNote ? "note" : "FAULT") \(kind.rawValue.replacing("_", with: " ")): \(members.count)"
            let shown = members.prefix(5).map { fault in
                "  \(fault.picture ?? fault.mask ?? ""): \(fault.detail)"
                    + (fault.action.map { " (plan: \($0.rawValue))" } ?? "")
            }
            return [head] + shown + (members.count > 5 ? ["  and \(members.count - 5) more"] : [])
        }
        let faultCount = faults.count { !$0.isNote }
        let verdict = faultCount == 0 ? "nothing is wrong" : "\(faultCount) \(faultCount == 1 ? "fault" : "faults")"
        return (parts + readings + lists + [verdict]).joined(separator: "\n")
    }
}
