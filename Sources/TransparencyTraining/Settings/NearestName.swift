/// The name that is at most two letters, or a third of them, from `name`, and not all of a short one. Case is no difference.
package func nearest(to name: String, among names: [String]) -> String? {
    let distances = names.map { ($0, editDistance($0.lowercased(), name.lowercased())) }
    return distances.min { $0.1 < $1.1 }.flatMap { $0.1 <= max(2, name.count / 3) && $0.1 < name.count ? $0.0 : nil }
}

/// How many letters must be put in, taken out or replaced (Levenshtein).
private func editDistance(_ one: String, _ other: String) -> Int {
    let other = Array(other)
    var row = Array(0...other.count)
    for (index, letter) in one.enumerated() {
        var previous = row[0]
        row[0] = index + 1
        for position in other.indices {
            let replaced = previous + (letter == other[position] ? 0 : 1)
            previous = row[position + 1]
            row[position + 1] = min(replaced, row[position] + 1, previous + 1)
        }
    }
    return row[other.count]
}
