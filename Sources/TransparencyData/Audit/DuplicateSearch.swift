/// Finds pictures that are in a data set twice.
struct DuplicateSearch {
    private let inspections: [PairInspection]

    init(_ inspections: [PairInspection]) {
        // What is found second is what goes: test is kept before validation and train, the first name before later ones.
        self.inspections = inspections.filter { $0.look != nil }.sorted { one, other in
            let (rank, otherRank) = (one.pair.split.rank, other.pair.split.rank)
            return rank == otherRank ? DatasetPair.isInOrder(one.pair, other.pair) : rank < otherRank
        }
    }

    /// A fault for each picture that is like an earlier one, exactly before nearly.
    func faults() -> [AuditFault] {
        var faults: [AuditFault] = []
        var first: [String: PairInspection] = [:]
        var originals: [PairInspection] = []
        for inspection in inspections {
            if let hash = inspection.fileHash, let other = first[hash] {
                faults.append(
                    fault(.duplicate, inspection, other, "the same file as \(other.pair.picture)", action: .exclude))
                continue
            }
            if let hash = inspection.fileHash { first[hash] = inspection }
            if let look = inspection.look,
                let other = originals.first(where: { $0.look.map(look.showsTheSame) ?? false })
            {
                let isAcross = other.pair.split != inspection.pair.split
                faults.append(
                    fault(
                        .nearDuplicate, inspection, other, "shows the same as \(other.pair.picture)",
                        action: isAcross ? .exclude : nil, isNote: !isAcross))
            }
            originals.append(inspection)
        }
        return faults
    }

    private func fault(
        _ kind: AuditFault.Kind, _ one: PairInspection, _ other: PairInspection, _ detail: String,
        action: RepairPlan.Action?, isNote: Bool = false
    ) -> AuditFault {
        AuditFault(
            kind, picture: one.pair.picture, mask: one.pair.mask, other: other.pair.picture, detail, action: action,
            isNote: isNote)
    }
}

extension Split? {
    fileprivate var rank: Int {
        switch self {
        case .test: 0
        case .validation: 1
        case .train: 2
        case nil: 3
        }
    }
}
