namespace Storage.Core.Mvcc;

/// <summary>etcd's key and range_end: an empty end is the one key, "\0" is "from key on", anything else is exclusive.</summary>
public readonly ref struct KeyRange(ReadOnlySpan<byte> key, ReadOnlySpan<byte> end)
{
    /// <summary>Every key.</summary>
    public static KeyRange All => new([], "\0"u8);

    /// <summary>Lowest key of the range.</summary>
    public ReadOnlySpan<byte> Key { get; } = key;

    /// <summary>range_end as it came.</summary>
    public ReadOnlySpan<byte> End { get; } = end;

    public bool IsSingle => End.IsEmpty;

    /// <summary>Goes on to the last key.</summary>
    public bool IsOpen => End is [0];

    /// <summary>For a key that is not below <see cref="Key"/>: false when it lies beyond the range.</summary>
    public bool IsBeforeEnd(ReadOnlySpan<byte> candidate) =>
        IsSingle ? candidate.SequenceEqual(Key) : IsOpen || candidate.SequenceCompareTo(End) < 0;

    public bool Contains(ReadOnlySpan<byte> candidate) =>
        IsSingle ? candidate.SequenceEqual(Key) : candidate.SequenceCompareTo(Key) >= 0 && IsBeforeEnd(candidate);
}
