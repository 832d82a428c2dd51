namespace Linearizability.Keys;

/// <summary>One key, as far as the answers so far tell.</summary>
/// <param name="Value">Null when the key does not exist; the next three have no meaning then.</param>
/// <param name="Version">Puts since it was created.</param>
/// <param name="Create">Revision of the put that created it.</param>
/// <param name="Mod">Revision of the last put.</param>
/// <param name="Reached">A revision that the store has reached.</param>
public readonly record struct KeyState(string? Value, long Version, RevisionBound Create, RevisionBound Mod, long Reached)
{
    public bool Exists => Value is not null;

    public override string ToString() => Exists
        ? $"{Value} (create {Create}, mod {Mod}, version {Version}; the store at {Reached} or later)"
        : $"absent (the store at {Reached} or later)";
}
