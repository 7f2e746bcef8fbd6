/// SLURM's short forms of lists.
enum SlurmLists {
    /// The first host of a list such as `node[03-07,12]-ib,login`.
    static func firstHost(_ list: String) -> String {
        var (host, inBrackets, skips) = ("", false, false)
        for letter in list {
            switch letter {
            case "[": inBrackets = true
            case "]": (inBrackets, skips) = (false, false)
            case "," where !inBrackets: return host
            case ",", "-": if inBrackets { skips = true } else { host.append(letter) }
            default: if !skips { host.append(letter) }
            }
        }
        return host
    }

    /// The tasks of each node, written as `2(x3),1`.
    static func counts(_ list: String) throws -> [Int] {
        try list.split(separator: ",").flatMap { entry -> [Int] in
            let parts = entry.split(whereSeparator: { "(x)".contains($0) }).map { Int($0) }
            guard 1...2 ~= parts.count, let count = parts[0], count > 0, count < 1 << 20,
                let times = parts.count == 2 ? parts[1] : 1, 1..<(1 << 20) ~= times
            else { throw LaunchError("SLURM_STEP_TASKS_PER_NODE is '\(list)'; a list such as 2(x3),1 was expected") }
            return Array(repeating: count, count: times)
        }
    }
}
