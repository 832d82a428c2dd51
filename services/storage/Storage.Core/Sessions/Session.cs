using System.Buffers.Binary;
using Consensus.Contracts;
using Storage.Contracts;

namespace Storage.Core.Sessions;

/// <summary>
/// The remembered outcomes of one proposer, for the sequences [<see cref="Low"/>, <see cref="Low"/> + window): a ring, since a proposer's
/// sequences count up and arrive nearly in order. Bounded in number and in bytes; beyond that the oldest are forgotten early.
/// </summary>
public sealed class Session(SessionId id)
{
    // Far more than a gateway ever has in flight.
    private const int MaxOutcomes = 65_536;

    // Large range answers inside txns must not pile up; and all of them, with what is stored around each, are one value of the tree, which takes 64 MiB.
    private const long MaxBytes = 32 * 1024 * 1024;

    // A larger answer is given once.
    private const int MaxBodyBytes = 8 * 1024 * 1024;

    private Slot[] _ring = new Slot[16];
    private ulong _high = 1; // one more than the highest sequence remembered
    private long _bytes;

    public SessionId Id { get; } = id;

    /// <summary>Outcomes below this sequence are forgotten.</summary>
    public ulong Low { get; private set; } = 1;

    /// <summary>Latest command, by the clock that the commands carry, Unix nanoseconds.</summary>
    public long LastUsedUnixNanos { get; set; }

    /// <summary>Log index of the latest command: the order in which idle sessions expire.</summary>
    public ulong LastUsedIndex { get; set; }

    /// <summary>Changed since the last tree commit.</summary>
    public bool IsDirty { get; set; }

    /// <summary>An earlier outcome of this sequence.</summary>
    public bool TryRecall(ulong sequence, out Outcome outcome)
    {
        outcome = default;
        if (sequence < Low || sequence >= _high)
            return false;
        ref var slot = ref _ring[Position(sequence)];
        outcome = slot.Outcome;
        return slot.IsSet;
    }

    /// <summary>The proposer no longer waits for anything below <paramref name="lowestPending"/>.</summary>
    public void ForgetBelow(ulong lowestPending)
    {
        if (lowestPending <= Low)
            return;
        var end = Math.Min(lowestPending, _high);
        for (var sequence = Low; sequence < end; sequence++)
            Forget(sequence);
        Low = lowestPending;
        _high = Math.Max(_high, Low);
    }

    /// <summary>
    /// Remembers an outcome of a sequence not below <see cref="Low"/>. Of one with a large answer it remembers only that the command took effect: a retry is told that its
    /// outcome was forgotten.
    /// </summary>
    public void Remember(ulong sequence, in Outcome outcome)
    {
        Invariant.Holds(sequence >= Low);
        if (sequence - Low >= MaxOutcomes)
            ForgetBelow(sequence - MaxOutcomes + 1);
        while (sequence - Low >= (ulong)_ring.Length)
            Grow();
        var kept = outcome.Body.Length <= MaxBodyBytes ? outcome : outcome with { Error = StorageError.OutcomeForgotten, Body = default };
        _ring[Position(sequence)] = new Slot(kept);
        _high = Math.Max(_high, sequence + 1);
        _bytes += kept.Body.Length;
        while (_bytes > MaxBytes && Low < sequence)
            ForgetBelow(Low + 1);
    }

    /// <summary>
    /// Stored form: low, last used (time, index), then for each outcome sequence, index, term, revision, detail (i32), error (u8), body length (i32), body; little-endian.
    /// </summary>
    public byte[] Encode()
    {
        var size = HeaderBytes;
        for (var sequence = Low; sequence < _high; sequence++)
        {
            if (_ring[Position(sequence)].IsSet)
                size += OutcomeBytes + _ring[Position(sequence)].Outcome.Body.Length;
        }
        var record = new byte[size];
        BinaryPrimitives.WriteUInt64LittleEndian(record, Low);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(8), LastUsedUnixNanos);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(16), LastUsedIndex);
        var rest = record.AsSpan(HeaderBytes);
        for (var sequence = Low; sequence < _high; sequence++)
        {
            var slot = _ring[Position(sequence)];
            if (!slot.IsSet)
                continue;
            var outcome = slot.Outcome;
            BinaryPrimitives.WriteUInt64LittleEndian(rest, sequence);
            BinaryPrimitives.WriteUInt64LittleEndian(rest[8..], outcome.Index.Value);
            BinaryPrimitives.WriteUInt64LittleEndian(rest[16..], outcome.Term.Value);
            BinaryPrimitives.WriteInt64LittleEndian(rest[24..], outcome.Revision);
            BinaryPrimitives.WriteInt32LittleEndian(rest[32..], outcome.Detail);
            rest[36] = (byte)outcome.Error;
            BinaryPrimitives.WriteInt32LittleEndian(rest[37..], outcome.Body.Length);
            outcome.Body.Span.CopyTo(rest[OutcomeBytes..]);
            rest = rest[(OutcomeBytes + outcome.Body.Length)..];
        }
        return record;
    }

    /// <summary>Reads the stored form.</summary>
    public static Session Decode(SessionId id, ReadOnlySpan<byte> record)
    {
        var session = new Session(id)
        {
            Low = BinaryPrimitives.ReadUInt64LittleEndian(record),
            LastUsedUnixNanos = BinaryPrimitives.ReadInt64LittleEndian(record[8..]),
            LastUsedIndex = BinaryPrimitives.ReadUInt64LittleEndian(record[16..]),
        };
        session._high = session.Low;
        for (var rest = record[HeaderBytes..]; !rest.IsEmpty;)
        {
            var bodyBytes = BinaryPrimitives.ReadInt32LittleEndian(rest[37..]);
            session.Remember(BinaryPrimitives.ReadUInt64LittleEndian(rest), new Outcome(
                new LogIndex(BinaryPrimitives.ReadUInt64LittleEndian(rest[8..])),
                new Term(BinaryPrimitives.ReadUInt64LittleEndian(rest[16..])),
                (StorageError)rest[36],
                BinaryPrimitives.ReadInt64LittleEndian(rest[24..]),
                BinaryPrimitives.ReadInt32LittleEndian(rest[32..]),
                rest.Slice(OutcomeBytes, bodyBytes).ToArray()));
            rest = rest[(OutcomeBytes + bodyBytes)..];
        }
        return session;
    }

    private const int HeaderBytes = 24;
    private const int OutcomeBytes = 41;

    private int Position(ulong sequence) => (int)(sequence & (ulong)(_ring.Length - 1));

    private void Forget(ulong sequence)
    {
        ref var slot = ref _ring[Position(sequence)];
        _bytes -= slot.Outcome.Body.Length;
        slot = default;
    }

    private void Grow()
    {
        var larger = new Slot[_ring.Length * 2];
        for (var sequence = Low; sequence < _high; sequence++)
            larger[(int)(sequence & (ulong)(larger.Length - 1))] = _ring[Position(sequence)];
        _ring = larger;
    }

    private readonly struct Slot(in Outcome outcome)
    {
        public readonly Outcome Outcome = outcome;
        public readonly bool IsSet = true;
    }
}
