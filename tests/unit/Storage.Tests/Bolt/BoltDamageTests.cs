using System.Buffers.Binary;
using Storage.Core.Bolt;

namespace Storage.Tests.Bolt;

/// <summary>
/// Goal: no file, however damaged, cut short or foreign, makes the reader crash, run for ever or take more memory than the file warrants (I10, I11). Method:
/// seeded changes to sound files, at any place and at the places that lead elsewhere; a read ends well or with the one exception.
/// </summary>
public sealed class BoltDamageTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Read_AnyBytesChanged_EndsWellOrIsRefused(int seed)
    {
        var random = new Random(seed);
        var refused = 0;
        for (var file = 0; file < 12; file++)
        {
            var sound = MemoryBolt.Write(BoltFileTests.RandomBuckets(random)).Bytes;
            for (var round = 0; round < 60; round++)
            {
                var bytes = sound.ToArray();
                for (var change = random.Next(1, 6); change > 0; change--)
                    Change(bytes, random);
                if (IsRefused(bytes))
                    refused++;
            }
        }
        Assert.True(refused > 100, $"{refused} of 720 damaged files were refused");
    }

    [Fact]
    public void Read_CutShortAnywhere_IsRefused()
    {
        var sound = MemoryBolt.Write(BoltFileTests.RandomBuckets(new Random(7))).Bytes;
        for (var length = 0; length < sound.Length; length += 509)
            Assert.True(IsRefused(sound[..length]), $"{length} of {sound.Length} bytes were taken for the whole file");
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void Open_AnythingElse_IsRefused(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var bytes = new byte[random.Next(20_000)];
            random.NextBytes(bytes);
            Assert.True(IsRefused(bytes));
        }
    }

    [Fact]
    public void Open_OneMetaPageDamaged_ReadsByTheOther()
    {
        var file = MemoryBolt.Write(BoltFileTests.RandomBuckets(new Random(5)));
        var whole = file.ReadAll();
        file.Bytes[40] ^= 1;
        Assert.Equal(whole.Keys, file.ReadAll().Keys);
        file.Bytes[4096 + 40] ^= 1;
        Assert.Throws<BoltDamagedException>(() => BoltFile.Open(file));
    }

    [Fact]
    public void Read_BranchLeadsBackToItself_IsRefused()
    {
        var rows = MemoryBolt.NewBucket();
        for (var i = 0; i < 2_000; i++)
            rows.Add([(byte)(i >> 8), (byte)i], new byte[100]);
        var sound = MemoryBolt.Write(new() { ["b"] = rows });
        for (var page = 3; page < sound.Length / 4096; page++)
        {
            if (sound.Bytes[(page * 4096) + 8] != 1)
                continue;
            // Its first child is the branch itself, then every page of the file in turn.
            for (var child = 0UL; child < (ulong)sound.Length / 4096; child++)
            {
                var bytes = sound.Bytes.ToArray();
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan((page * 4096) + 16 + 16 + 8), child);
                var isSame = bytes.AsSpan().SequenceEqual(sound.Bytes);
                Assert.True(isSame || IsRefused(bytes), $"page {page} leads to page {child}");
            }
        }
    }

    // The places that are worth it: the headers of pages and elements. A meta page is made valid again, so that what it says is followed.
    private static void Change(byte[] bytes, Random random)
    {
        var page = random.Next(bytes.Length / 4096) * 4096;
        var at = random.Next(3) switch { 0 => page + random.Next(16), 1 => page + random.Next(200), _ => random.Next(bytes.Length) };
        if (random.Next(2) == 0)
            bytes[at] = (byte)random.Next(256);
        else if (at + 4 <= bytes.Length)
            BinaryPrimitives.WriteInt32LittleEndian(
                bytes.AsSpan(at), random.Next(4) switch { 0 => -1, 1 => int.MaxValue, 2 => random.Next(5000), _ => random.Next() });
        if (page >= 2 * 4096 || !BoltMeta.TryRead(bytes.AsSpan(16), out var meta))
            return;
        meta = random.Next(3) switch
        {
            0 => meta with { Root = (ulong)random.Next(bytes.Length / 4096 * 2) },
            1 => meta with { PageCount = (ulong)random.NextInt64() },
            _ => meta with { PageBytes = 1024 << random.Next(7) },
        };
        meta.Write(bytes.AsSpan(16));
    }

    private static bool IsRefused(byte[] bytes)
    {
        try
        {
            new MemoryBolt(bytes).ReadAll();
            return false;
        }
        catch (BoltDamagedException)
        {
            return true;
        }
    }
}
