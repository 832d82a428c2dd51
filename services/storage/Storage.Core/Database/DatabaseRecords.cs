using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using Consensus.Contracts;
using EtcdApi.Wire;
using Storage.Core.Leases;
using Storage.Core.Mvcc;

namespace Storage.Core.Database;

/// <summary>Rows of etcd's database that are written otherwise here: leases, alarms, members, numbers.</summary>
internal static class DatabaseRecords
{
    /// <summary>leasepb.Lease: ID 1, TTL 2, RemainingTTL 3 (0, and so absent, without a checkpoint).</summary>
    public static byte[] Lease(Lease lease)
    {
        var record = new byte[
            ProtoWriter.Int64Size(1, lease.Id) + ProtoWriter.Int64Size(2, lease.TtlSeconds) + ProtoWriter.Int64Size(3, lease.RemainingSeconds)];
        var writer = new ProtoWriter(record);
        writer.Int64(1, lease.Id);
        writer.Int64(2, lease.TtlSeconds);
        writer.Int64(3, lease.RemainingSeconds);
        return record;
    }

    public static bool TryReadLease(ReadOnlySpan<byte> record, out long id, out long ttlSeconds, out long remainingSeconds)
    {
        (id, ttlSeconds, remainingSeconds) = (0, 0, 0);
        var reader = new ProtoReader(record);
        while (reader.Next())
        {
            if (reader.Field == 1)
                id = (long)reader.Varint;
            else if (reader.Field == 2)
                ttlSeconds = (long)reader.Varint;
            else if (reader.Field == 3)
                remainingSeconds = (long)reader.Varint;
        }
        return !reader.Malformed;
    }

    /// <summary>etcdserverpb.AlarmMember: memberID 1, alarm 2.</summary>
    public static byte[] Alarm(ulong member, int type)
    {
        var record = new byte[ProtoWriter.Int64Size(1, (long)member) + ProtoWriter.Int64Size(2, type)];
        var writer = new ProtoWriter(record);
        writer.Varint(1, member);
        writer.Varint(2, (ulong)type);
        return record;
    }

    public static bool TryReadAlarm(ReadOnlySpan<byte> record, out ulong member, out int type)
    {
        (member, type) = (0, 0);
        var reader = new ProtoReader(record);
        while (reader.Next())
        {
            if (reader.Field == 1)
                member = reader.Varint;
            else if (reader.Field == 2)
                type = (int)reader.Varint;
        }
        return !reader.Malformed && type is > 0 and < 256;
    }

    public static byte[] Number(ulong value)
    {
        var record = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(record, value);
        return record;
    }

    /// <summary>The revision of a compaction: the key of its first change.</summary>
    public static byte[] Compaction(long revision)
    {
        Span<byte> key = stackalloc byte[RevisionKey.MaxBytes];
        return RevisionKey.Write(key, new Revision(revision, 0), tombstone: false).ToArray();
    }

    /// <summary>A member as etcd stores it.</summary>
    public static byte[] Member(Member member) => Json(json =>
    {
        json.WriteNumber("id", member.Id.Value);
        WriteTexts(json, "peerURLs", member.PeerUrls);
        if (member.IsLearner)
            json.WriteBoolean("isLearner", true);
        if (member.Name.Length > 0)
            json.WriteString("name", member.Name);
        if (member.ClientUrls.Count > 0)
            WriteTexts(json, "clientURLs", member.ClientUrls);
    });

    /// <summary>raftpb.ConfState: who votes.</summary>
    public static byte[] Configuration(ClusterConfiguration configuration) => Json(json =>
    {
        WriteIds(json, "voters", configuration.Members.Where(static member => !member.IsLearner).Select(static member => member.Id));
        WriteIds(json, "learners", configuration.Members.Where(static member => member.IsLearner).Select(static member => member.Id));
        WriteIds(json, "voters_outgoing", configuration.OutgoingVoters);
        json.WriteBoolean("auto_leave", false);
    });

    private static byte[] Json(Action<Utf8JsonWriter> writeFields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            writeFields(json);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteTexts(Utf8JsonWriter json, string property, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(property);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static void WriteIds(Utf8JsonWriter json, string property, IEnumerable<MemberId> ids)
    {
        if (!ids.Any())
            return;
        json.WriteStartArray(property);
        foreach (var id in ids)
            json.WriteNumberValue(id.Value);
        json.WriteEndArray();
    }
}
