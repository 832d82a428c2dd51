namespace Linearizability.Keys;

/// <summary>What is known of a revision: its number, or that it is at least that (a write whose answer nobody saw).</summary>
public readonly record struct RevisionBound(long Value, bool IsExact)
{
    public static RevisionBound Exactly(long revision) => new(revision, true);

    public static RevisionBound AtLeast(long revision) => new(revision, false);

    public bool Allows(long revision) => IsExact ? revision == Value : revision >= Value;

    public override string ToString() => IsExact ? $"{Value}" : $">={Value}";
}
