import ArgumentParser
import Foundation
import SegmentationMetrics
import Synchronization
import SyntheticScenes
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// `transeg dataset audit`: what is wrong with a data set.
struct DatasetAuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Looks at every file of a data set and says what is wrong.",
        discussion: """
            Exits with 1 when there are faults, and with 0 when there are notes at most. The plan that --repair writes is meant to be looked \
            through; train, evaluate, preview and this command apply it with --plan. The data set's own files are never changed.

              transeg dataset audit Trans10K --repair plan.json --sheet suspects.html
              transeg dataset audit Trans10K --plan plan.json
            """)

    @Argument(help: ArgumentHelp("The data set's folder.", valueName: "folder"))
    var root: String

    @OptionGroup var layout: DatasetLayoutOptions

    @Option(help: ArgumentHelp("Write a repair plan, to a file that does not exist yet.", valueName: "plan.json"))
    var repair: String?

    @Option(help: ArgumentHelp("Write a page with the suspects' pictures.", valueName: "file.html"))
    var sheet: String?

    @Flag(help: "Print the audit as JSON.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    func validate() throws {
        if let repair, FileManager.default.fileExists(atPath: repair) {
            throw ValidationError("--repair: \(repair) exists, and nothing is overwritten; name another file")
        }
    }

    func run() async throws {
        let dataset = try layout.open(root)
        let interrupt = Interrupt()
        defer { interrupt.restore() }
        let total = try dataset.pairCount(of: layout.split)
        let progress = Mutex(Progress(total: total, quiet: quiet || json, verb: "looked at"))
        defer { progress.withLock { $0.end() } }
        let found = try await DatasetAudit.run(
            on: dataset, split: layout.split, threadCount: threads.count,
            isCancelled: { interrupt.isRequested }, progress: { done in progress.withLock { $0.advance(to: done) } })
        progress.withLock { $0.end() }
        guard let audit = found else { throw Interrupt.exitCode }
        let plan = audit.plan(after: dataset.plan)
        try repair.map { try plan.write(to: $0) }
        try sheet.map { try AuditSheet(of: audit, root: root).write(to: $0) }
        if json {
            try StandardStream.output.write(audit.jsonData())
        } else if !quiet {
            print(Self.text(audit))
            if let repair {
                print("repair plan: \(repair), \(plan.repairs.count) repairs, \(plan.excludedCount) pictures left out")
            }
            if let sheet { print("suspects: \(sheet)") }
        }
        if repair != nil, total > 0, plan.excludedCount >= total {
            StandardStream.tell("warning: the plan leaves out all pictures, so that nothing of the data set is left\n")
        }
        if !audit.isSound { throw ExitCode(1) }
    }

    /// The audit for a terminal: groups, then each kind of fault with its first pictures.
    private static func text(_ audit: DatasetAudit) -> String {
        let groups = audit.groups.map { group in
            let name = [group.split?.rawValue, group.difficulty?.rawValue].compactMap(\.self).joined(separator: " ")
            let sizes = zip(group.widths, group.heights).map { "\($0) x \($1)" }
            return "\(name.isEmpty ? "all" : name): \(group.pictures) pictures"
                + (sizes.isEmpty ? "" : ", sides \(sizes[0]) to \(sizes[2]), median \(sizes[1])")
                + String(format: ", %.1f %% glass", 100 * group.glassShare)
        }
        let readings = audit.maskReadings.map { "\($0.masks) masks: \($0.reading.description), such as \($0.example)" }
        let faults = AuditFault.Kind.allCases.flatMap { kind -> [String] in
            let members = audit.faults.filter { $0.kind == kind }
            guard let first = members.first else { return [] }
            let head = "\(first.isNote ? "note" : "FAULT") \(kind.rawValue.replacing("_", with: " ")): \(members.count)"
            let shown = members.prefix(5).map { fault in
                "  \(fault.picture ?? fault.mask ?? ""): \(fault.detail)"
                    + (fault.action.map { " (plan: \($0.rawValue))" } ?? "")
            }
            return [head] + shown + (members.count > 5 ? ["  and \(members.count - 5) more"] : [])
        }
        let faultCount = audit.faults.count { !$0.isNote }
        let verdict = faultCount == 0 ? "nothing is wrong" : "\(faultCount) \(faultCount == 1 ? "fault" : "faults")"
        return (groups + readings + faults + [verdict]).joined(separator: "\n")
    }
}
