namespace Consensus.Contracts;

/// <summary>Position in the replicated log. The first entry has index 1; 0 is "before the log".</summary>
public readonly record struct LogIndex(ulong Value) : IComparable<LogIndex>
{
    public LogIndex Next => new(Value + 1);
    public int CompareTo(LogIndex other) => Value.CompareTo(other.Value);
    public static bool operator <(LogIndex left, LogIndex right) => left.Value < right.Value;
    public static bool operator >(LogIndex left, LogIndex right) => left.Value > right.Value;
    public static bool operator <=(LogIndex left, LogIndex right) => left.Value <= right.Value;
    public static bool operator >=(LogIndex left, LogIndex right) => left.Value >= right.Value;
    public override string ToString() => Value.ToString();
}

/// <summary>Election term, 0 before the first election (Raft §5.1).</summary>
public readonly record struct Term(ulong Value) : IComparable<Term>
{
    public int CompareTo(Term other) => Value.CompareTo(other.Value);
    public static bool operator <(Term left, Term right) => left.Value < right.Value;
    public static bool operator >(Term left, Term right) => left.Value > right.Value;
    public static bool operator <=(Term left, Term right) => left.Value <= right.Value;
    public static bool operator >=(Term left, Term right) => left.Value >= right.Value;
    public override string ToString() => Value.ToString();
}

/// <summary>A consensus member, printed as etcd prints it: lower-case hexadecimal without padding. 0 is nobody.</summary>
public readonly record struct MemberId(ulong Value)
{
    public override string ToString() => Value.ToString("x");
}

/// <summary>The cluster, derived from its initial members and token as etcd derives it.</summary>
public readonly record struct ClusterId(ulong Value)
{
    public override string ToString() => Value.ToString("x");
}
