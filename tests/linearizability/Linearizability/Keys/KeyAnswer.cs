namespace Linearizability.Keys;

/// <summary>A key as etcd shows it.</summary>
public readonly record struct KeyRecord(string Value, long CreateRevision, long ModRevision, long Version)
{
    public override string ToString() => $"{Value} (create {CreateRevision}, mod {ModRevision}, version {Version})";
}

/// <summary>What etcd answered to a <see cref="KeyRequest"/>.</summary>
/// <param name="Revision">Of the header: for a write its own revision, otherwise that of the store when it was read.</param>
/// <param name="Wrote">It put or deleted: false for a read, a delete of nothing, and a txn whose condition did not hold.</param>
/// <param name="TellsBefore">False when the answer does not say what the key was.</param>
/// <param name="Before">What the key was before the request took effect; null when it did not exist.</param>
public readonly record struct KeyAnswer(long Revision, bool Wrote, bool TellsBefore = false, KeyRecord? Before = null)
{
    public override string ToString()
    {
        var before = !TellsBefore ? "" : $", was {Before?.ToString() ?? "absent"}";
        return $"{(Wrote ? "wrote" : "read")} at {Revision}{before}";
    }
}
