using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Storage.Core.Mvcc;

namespace Storage.Core.Keys;

/// <summary>Keys in a row with their newest states, in few bytes and few objects.</summary>
/// <remarks>
/// <code>
/// data:  head 0 | head 1 | ... | end 0 | end 1 | ... | state 0 | state 1 | ... | prefix | suffix 0 | suffix 1 | ...
/// </code>
/// <para>
/// Keys lie in slots in the order in which they came; a key is the leaf's prefix and its suffix, which ends at u16 offset "end"; "head" is how the suffix begins, in
/// four bytes that most searches need no more than. A slot never gets another key. The
/// slots in key order are an array of their own, replaced whole: a reader takes it once and from then on looks at slots that stay what they are.
/// When slots or room run out, another leaf takes this one's place, and this one stays as it was for readers that have it.
/// </para>
/// <para>
/// A slot's state changes in place. The sequence is odd meanwhile, so that a reader notices and reads again; older revisions and leases, which most leaves
/// do without, go with it. Readers of the past find their revision among the older ones.
/// </para>
/// </remarks>
internal sealed partial class KeyLeaf : KeyNode
{
    public const int MaxKeys = 64;

    // Longer keys have a leaf of their own.
    public const int MaxHeapBytes = 16 * 1024;

    // Fewer than that look for a neighbour to join.
    public const int SmallKeys = MaxKeys / 4;

    // Of a slot in all.
    private const int SlotBytes = KeyState.Bytes + sizeof(uint) + sizeof(ushort);

    private readonly byte[] _data;
    private readonly int _capacity;
    private readonly int _prefixBytes;

    // Slots in key order. Never changed once it is here.
    private byte[] _order = [];

    // A bit for each slot in the order. The others are not taken yet, or their keys are gone: nothing in them counts.
    private ulong _ordered;

    // By slot; null while no key of the leaf has any.
    private long[]?[]? _older;
    private long[]? _leases;

    private int _sequence;
    private int _used; // slots taken, removed keys included

    /// <summary>An empty leaf for keys that begin with <paramref name="prefix"/>.</summary>
    public KeyLeaf(ReadOnlySpan<byte> prefix, int capacity, int heapBytes)
    {
        // Ends are u16, but for a lone key, which ends where the data does.
        Invariant.Holds(capacity is >= 0 and <= MaxKeys && (capacity <= 1 || heapBytes <= ushort.MaxValue));
        _capacity = capacity;
        _prefixBytes = prefix.Length;
        _data = GC.AllocateUninitializedArray<byte>((capacity * SlotBytes) + prefix.Length + heapBytes);
        prefix.CopyTo(_data.AsSpan(PrefixAt));
    }

    /// <summary>Slots, taken or not.</summary>
    public int Capacity => _capacity;

    /// <summary>The slots in key order.</summary>
    public byte[] Order => Volatile.Read(ref _order);

    public ReadOnlySpan<byte> Prefix => _data.AsSpan(PrefixAt, _prefixBytes);

    /// <summary>What follows <see cref="Prefix"/> in the key of a slot.</summary>
    public ReadOnlySpan<byte> Suffix(int slot)
    {
        var start = slot == 0 ? 0 : End(slot - 1);
        return _data.AsSpan(HeapAt + start, End(slot) - start);
    }

    /// <summary>Slot of a key; -1 when it is not there.</summary>
    /// <remarks>
    /// Looks at all heads at once, as they lie: a search by halves waits for memory at each step, and most leaves of a large index are in no cache.
    /// </remarks>
    public int Find(ReadOnlySpan<byte> key)
    {
        if (key.Length < _prefixBytes)
            return -1;
        var slot = Heads.IndexOf(KeyHead.Short(key[_prefixBytes..]));
        if (slot < 0)
            return -1;
        if ((Volatile.Read(ref _ordered) >> slot & 1) != 0 && Suffix(slot).SequenceEqual(key[_prefixBytes..]) && key.StartsWith(Prefix))
            return slot;
        var order = Order;
        var position = Search(order, key);
        return position < 0 ? -1 : order[position];
    }

    /// <summary>Position of a key in the order, or the complement of where it belongs.</summary>
    public int Search(ReadOnlySpan<byte> order, ReadOnlySpan<byte> key)
    {
        if (!key.StartsWith(Prefix))
            return Prefix.SequenceCompareTo(key) > 0 ? ~0 : ~order.Length;
        key = key[_prefixBytes..];
        var head = KeyHead.Short(key);
        var heads = Heads;
        var (low, high) = (0, order.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            int slot = order[middle];
            var comparison = heads[slot].CompareTo(head);
            if (comparison == 0)
                comparison = Suffix(slot).SequenceCompareTo(key);
            if (comparison == 0)
                return middle;
            if (comparison < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return ~low;
    }

    /// <summary>Whether the key of a slot is below another key.</summary>
    public bool IsBelow(int slot, ReadOnlySpan<byte> key)
    {
        var common = Math.Min(_prefixBytes, key.Length);
        var comparison = Prefix[..common].SequenceCompareTo(key[..common]);
        return comparison != 0 ? comparison < 0 : common == _prefixBytes && Suffix(slot).SequenceCompareTo(key[common..]) < 0;
    }

    /// <summary>Position behind the last key of a range, for keys not below its start; and whether the range ends here, as far as can be seen.</summary>
    public int EndOf(ReadOnlySpan<byte> order, KeyRange range, out bool isLast)
    {
        isLast = false;
        if (range.IsOpen || order.IsEmpty)
            return order.Length;
        if (!range.IsSingle && IsBelow(order[^1], range.End))
            return order.Length;
        isLast = true;
        var position = Search(order, range.IsSingle ? range.Key : range.End);
        return range.IsSingle ? (position < 0 ? ~position : position + 1) : (position < 0 ? ~position : position);
    }

    /// <summary>The history of a slot's key, whole.</summary>
    public KeyHistory Read(int slot)
    {
        var spin = default(SpinWait);
        while (true)
        {
            var sequence = Volatile.Read(ref _sequence);
            var state = States[slot];
            var lease = _leases is { } leases ? leases[slot] : 0;
            var older = _older?[slot];
            Volatile.ReadBarrier();
            if ((sequence & 1) == 0 && sequence == _sequence)
                return new KeyHistory(state, lease, older);
            spin.SpinOnce();
        }
    }

    private int EndsAt => _capacity * sizeof(uint);

    private int StatesAt => _capacity * (sizeof(uint) + sizeof(ushort));

    private int PrefixAt => _capacity * SlotBytes;

    private int HeapAt => PrefixAt + _prefixBytes;

    private Span<KeyState> States => MemoryMarshal.Cast<byte, KeyState>(_data.AsSpan(StatesAt, _capacity * KeyState.Bytes));

    private Span<uint> Heads => MemoryMarshal.Cast<byte, uint>(_data.AsSpan(0, _capacity * sizeof(uint)));

    private int End(int slot) => _capacity == 1
        ? _data.Length - HeapAt
        : BinaryPrimitives.ReadUInt16LittleEndian(_data.AsSpan(EndsAt + (slot * sizeof(ushort))));

    private int UsedHeap => _used == 0 ? 0 : End(_used - 1);
}
