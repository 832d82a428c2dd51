namespace WatchGuarantees.History;

/// <summary>What a key holds at some revision.</summary>
public readonly record struct KeyState(string Value, long CreateRevision, long ModRevision, long Version)
{
    public override string ToString() => $"\"{Value}\" (create {CreateRevision}, mod {ModRevision}, version {Version})";
}
