using EtcdApi.Wire;

namespace ApiGateway.Core.Watching;

/// <summary>What one WatchRequest asks for.</summary>
public enum WatchCommandKind
{
    /// <summary>Nothing set: ignored, as etcd does.</summary>
    None = 0,
    Create = 1,
    Cancel = 2,
    Progress = 3,
}

/// <summary>One WatchRequest, its keys still in the bytes that it came in.</summary>
public readonly record struct WatchCommand(
    WatchCommandKind Kind, long WatchId, ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> RangeEnd, long StartRevision,
    bool ProgressNotify, bool NoPut, bool NoDelete, bool PreviousValue, bool Fragment)
{
    private const ulong FilterNoPut = 0;
    private const ulong FilterNoDelete = 1;

    /// <summary>Reads an encoded WatchRequest; false when it is none. The keys point into <paramref name="request"/>.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> request, out WatchCommand command)
    {
        command = default;
        var reader = new ProtoReader(request.Span);
        while (reader.Next())
        {
            if (reader.Field is < 1 or > 3 || reader.WireType != 2)
                continue;
            var body = Slice(request, reader.Bytes);
            var read = (WatchCommandKind)reader.Field switch
            {
                WatchCommandKind.Create => TryReadCreate(body, out command),
                WatchCommandKind.Cancel => TryReadCancel(body, out command),
                _ => Progress(out command),
            };
            if (!read)
                return false;
        }
        return !reader.Malformed;
    }

    private static bool TryReadCreate(ReadOnlyMemory<byte> body, out WatchCommand command)
    {
        command = new WatchCommand { Kind = WatchCommandKind.Create };
        var reader = new ProtoReader(body.Span);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: command = command with { Key = Slice(body, reader.Bytes) }; break;
                case 2: command = command with { RangeEnd = Slice(body, reader.Bytes) }; break;
                case 3: command = command with { StartRevision = unchecked((long)reader.Varint) }; break;
                case 4: command = command with { ProgressNotify = reader.Varint != 0 }; break;
                case 5 when reader.WireType == 0: command = command.WithFilter(reader.Varint); break;
                case 5:
                    if (!TryReadPackedFilters(reader.Bytes, ref command))
                        return false;
                    break;
                case 6: command = command with { PreviousValue = reader.Varint != 0 }; break;
                case 7: command = command with { WatchId = unchecked((long)reader.Varint) }; break;
                case 8: command = command with { Fragment = reader.Varint != 0 }; break;
            }
        }
        return !reader.Malformed;
    }

    /// <summary>proto3 packs repeated enums: varints one after the other. Each filter known is one byte; longer ones are unknown.</summary>
    private static bool TryReadPackedFilters(ReadOnlySpan<byte> packed, ref WatchCommand command)
    {
        var value = 0UL;
        var shift = 0;
        foreach (var b in packed)
        {
            if (shift > 63)
                return false;
            value |= (ulong)(b & 0x7f) << shift;
            shift += 7;
            if (b >= 0x80)
                continue;
            command = command.WithFilter(value);
            value = 0;
            shift = 0;
        }
        return shift == 0;
    }

    private WatchCommand WithFilter(ulong filter) => filter switch
    {
        FilterNoPut => this with { NoPut = true },
        FilterNoDelete => this with { NoDelete = true },
        _ => this,
    };

    private static bool TryReadCancel(ReadOnlyMemory<byte> body, out WatchCommand command)
    {
        command = new WatchCommand { Kind = WatchCommandKind.Cancel };
        var reader = new ProtoReader(body.Span);
        while (reader.Next())
        {
            if (reader.Field == 1)
                command = command with { WatchId = unchecked((long)reader.Varint) };
        }
        return !reader.Malformed;
    }

    private static bool Progress(out WatchCommand command)
    {
        command = new WatchCommand { Kind = WatchCommandKind.Progress };
        return true;
    }

    private static ReadOnlyMemory<byte> Slice(ReadOnlyMemory<byte> whole, ReadOnlySpan<byte> part) =>
        whole.Span.Overlaps(part, out var offset) ? whole.Slice(offset, part.Length) : default;
}
