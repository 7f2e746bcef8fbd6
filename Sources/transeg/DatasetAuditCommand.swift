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
            through; evaluate, preview and this command apply it with --plan. The data set's own files are never changed.

              transeg dataset audit Trans10K --repair plan.json --sheet suspects.html
              transeg dataset audit Trans10K --plan plan.json
            """)

    @Argument(help: ArgumentHelp("The data set's folder.", valueName: "folder"))
    var root: String

    @Option(help: "Look at this part alone. (default: all)")
    var split: Split?

    @Option(help: ArgumentHelp("For other folders: the pictures, such as photos/*.jpg.", valueName: "pattern"))
    var images: String?

    @Option(help: ArgumentHelp("And their masks, such as labels/*_mask.png.", valueName: "pattern"))
    var masks: String?

    @Option(help: ArgumentHelp("See the data set as this repair plan makes it.", valueName: "plan.json"))
    var plan: String?

    @Option(help: ArgumentHelp("Write a repair plan, to a file that does not exist yet.", valueName: "plan.json"))
    var repair: String?

    @Option(help: ArgumentHelp("Write a page with the suspects' pictures.", valueName: "file.html"))
    var sheet: String?

    @Flag(help: "Print the audit as JSON.")
    var json = false

    @Option(help: "Pairs looked at at once. (default: one a processor)")
    var threads: Int?

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    func validate() throws {
        guard (images == nil) == (masks == nil) else {
            throw ValidationError("--images and --masks go together; give both patterns or none.")
        }
        if images != nil, split != nil { throw ValidationError("--split is for Trans10K's folders.") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads); a number from 1 to 1024 was expected.")
        }
        if let repair, FileManager.default.fileExists(atPath: repair) {
            throw ValidationError("--repair: \(repair) exists, and nothing is overwritten; name another file.")
        }
    }

    func run() async throws {
        let layout =
            if let images, let masks { DatasetLayout.patterns(images: images, masks: masks) } else {
                DatasetLayout.trans10K
            }
        let plan = try plan.map { try RepairPlan(contentsOf: $0) }
        let dataset = try Dataset(root, layout: layout, plan: plan)
        let interrupt = Interrupt()
        defer { interrupt.restore() }
        let total = try dataset.pairCount(of: split)
        let progress = Mutex(Progress(total: total, quiet: quiet || json, verb: "looked at"))
        defer { progress.withLock { $0.end() } }
        let found = try await DatasetAudit.run(
            on: dataset, split: split, threadCount: threads ?? ProcessInfo.processInfo.activeProcessorCount,
            isCancelled: { interrupt.isRequested }, progress: { done in progress.withLock { $0.advance(to: done) } })
        progress.withLock { $0.end() }
        guard let audit = found else { throw ExitCode(130) }
        try repair.map { try audit.plan(after: plan).write(to: $0) }
        try sheet.map { try AuditSheet(of: audit, root: root).write(to: $0) }
        if json {
            try StandardStream.output.write(audit.jsonData())
        } else if !quiet {
            print(Self.text(audit))
            if let repair { print("repair plan: \(repair), \(audit.plan(after: plan).repairs.count) repairs") }
            if let sheet { print("suspects: \(sheet)") }
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
        return (groups + faults + [verdict]).joined(separator: "\n")
    }
}
