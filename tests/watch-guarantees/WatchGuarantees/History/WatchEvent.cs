namespace WatchGuarantees.History;

/// <summary>One change of one key, as written or as heard.</summary>
/// <param name="Revision">Its mod_revision.</param>
/// <param name="Key">Compared byte by byte: ASCII is enough for tests.</param>
/// <param name="State">What was put; null: a delete.</param>
/// <param name="Previous">Written: what the key held before. Heard: prev_kv. Null: nothing.</param>
public readonly record struct WatchEvent(long Revision, string Key, KeyState? State, KeyState? Previous)
{
    public bool IsDelete => State is null;

    public override string ToString() =>
        $"{Revision}:{Key} {(State is { } state ? $"= {state}" : "deleted")}{(Previous is { } previous ? $", was {previous}" : "")}";
}
