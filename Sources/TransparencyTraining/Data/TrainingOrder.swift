import SeededRandom

/// Which picture comes when: a function of the seed, so that a run can go on anywhere.
struct TrainingOrder: Sendable {
    let pictureCount: Int
    let seed: UInt64
    let isShuffled: Bool

    /// What one place of the endless sequence of samples is.
    struct Place: Sendable, Equatable {
        let epoch: Int
        /// In the data set's own order.
        let index: Int
    }

    /// The places from `start` on. Each epoch has every picture once.
    func places(from start: Int, count: Int) -> [Place] {
        var orders: [Int: [Int]] = [:]
        return (start..<start + count).map { position in
            let epoch = position / pictureCount
            let order = orders[epoch] ?? order(of: epoch)
            orders[epoch] = order
            return Place(epoch: epoch, index: order[position % pictureCount])
        }
    }

    /// Fisher and Yates' shuffle, or the order of names.
    private func order(of epoch: Int) -> [Int] {
        var order = Array(0..<pictureCount)
        guard isShuffled else { return order }
        var random = SplitMix64(seed: seed, stream: UInt64(epoch))
        for last in stride(from: pictureCount - 1, to: 0, by: -1) {
            order.swapAt(last, random.next(below: last + 1))
        }
        return order
    }
}
