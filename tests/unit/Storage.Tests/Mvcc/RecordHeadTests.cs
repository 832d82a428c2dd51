using EtcdApi.Mvccpb;
using Google.Protobuf;
using Storage.Core.Mvcc;

namespace Storage.Tests.Mvcc;

/// <summary>Goal: the quick reader of a start says of every input what the reader of everything else says. Method: records as we write them, in other orders, cut and changed at any place.</summary>
public sealed class RecordHeadTests
{
    [Fact]
    public void TryRead_AnyBytes_SaysTheSameAsTheWholeReader()
    {
        var random = new Random(1);
        var records = 0;
        for (var round = 0; round < 2_000; round++)
        {
            var bytes = Record(random);
            Assert.True(Compare(bytes));
            if (random.Next(4) == 0)
                bytes = [.. bytes, .. random.Next(2) == 0 ? Record(random) : [0x3A, 1, 7, 0x45, 1, 2, 3, 4]];
            Compare(bytes);
            Compare(bytes.AsSpan(0, random.Next(bytes.Length)));
            for (var change = 0; change < 4; change++)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                records += Compare(bytes) ? 1 : 0;
            }
        }
        Assert.InRange(records, 1_000, 7_000);
        Assert.False(Compare([]));
    }

    private static byte[] Record(Random random) => new KeyValue
    {
        Key = ByteString.CopyFrom(new byte[random.Next(1, 200)]),
        CreateRevision = Number(random),
        ModRevision = Number(random),
        Version = Number(random),
        Value = ByteString.CopyFrom(new byte[random.Next(300)]),
        Lease = Number(random),
    }.ToByteArray();

    private static long Number(Random random) => random.Next(5) switch { 0 => 0, 1 => -random.NextInt64(), 2 => long.MaxValue, _ => random.NextInt64() >> random.Next(64) };

    private static bool Compare(ReadOnlySpan<byte> bytes)
    {
        var isRecord = KeyValueRecord.TryRead(bytes, out var whole);
        Assert.Equal(isRecord, RecordHead.TryRead(bytes, out var head));
        if (isRecord)
        {
            Assert.True(whole.Key.SequenceEqual(head.Key));
            Assert.Equal((whole.CreateRevision, whole.Version, whole.Lease), (head.CreateRevision, head.Version, head.Lease));
        }
        return isRecord;
    }
}
