using System.Buffers.Binary;
using System.Text;
using Consensus.Contracts;
using Storage.Core.Bolt;
using Storage.Core.Leases;
using Storage.Core.Mapping;
using Storage.Core.State;
using Storage.Core.Tree;

namespace Storage.Core.Database;

/// <summary>Gives the rows of one tree commit to a file, bucket by bucket, as etcd 3.5 keeps them.</summary>
internal sealed class DatabaseRows(ITreeSnapshot snapshot)
{
    // What etcd 3.5 records of a cluster of its own release.
    private static readonly byte[] s_clusterVersion = [.. "3.5.0"u8];

    /// <summary>
    /// Gives one row after the other and says how many bytes it took; the caller goes on when it likes. The same commit gives the same rows every time.
    /// </summary>
    public IEnumerable<int> GiveTo(BoltFileBuilder file)
    {
        // A file that nothing was applied to has no record of it.
        MetaRecord.TryLoad(snapshot, out var meta);
        var configuration = LoadConfiguration();

        Give(file, BucketNames.Alarm, Alarms());
        foreach (var bytes in Copy(file, BucketNames.Auth, TableId.Auth))
            yield return bytes;
        foreach (var bytes in Copy(file, BucketNames.AuthRoles, TableId.AuthRoles))
            yield return bytes;
        foreach (var bytes in Copy(file, BucketNames.AuthUsers, TableId.AuthUsers))
            yield return bytes;
        Give(file, BucketNames.Cluster, [(BucketNames.ClusterVersion.ToArray(), s_clusterVersion)]);
        foreach (var bytes in Copy(file, BucketNames.Key, TableId.Revisions))
            yield return bytes;
        foreach (var bytes in Leases(file))
            yield return bytes;
        Give(file, BucketNames.Members, configuration?.Members.Select(static member => (Id(member.Id), DatabaseRecords.Member(member))) ?? []);
        Give(file, BucketNames.MembersRemoved, configuration?.Removed.Select(static id => (Id(id), Encoding.ASCII.GetBytes("removed"))) ?? []);
        Give(file, BucketNames.Meta, Numbers(meta, configuration));
        var mapping = Mapping();
        if (!V2Buckets.AreNeeded(meta) && mapping.Count == 0)
            yield break;
        foreach (var bytes in Copy(file, V2Buckets.Events, TableId.V2Events))
            yield return bytes;
        if (mapping.Count > 0)
            Give(file, V2Buckets.Mapping, mapping);
        foreach (var bytes in Copy(file, V2Buckets.Nodes, TableId.V2Nodes))
            yield return bytes;
        Give(file, V2Buckets.Numbers, V2Buckets.NumbersOf(meta));
    }

    private IEnumerable<int> Copy(BoltFileBuilder file, string bucket, TableId table)
    {
        file.BeginBucket(Encoding.UTF8.GetBytes(bucket));
        for (var row = snapshot.Seek(table, []); row.MoveNext();)
        {
            var value = row.Value;
            file.Add(row.Key, value);
            yield return value.Length;
        }
        file.EndBucket();
    }

    private IEnumerable<int> Leases(BoltFileBuilder file)
    {
        file.BeginBucket(Encoding.UTF8.GetBytes(BucketNames.Lease));
        for (var row = snapshot.Seek(TableId.Leases, []); row.MoveNext();)
        {
            file.Add(row.Key, DatabaseRecords.Lease(Lease.Read(row.Key, row.Value)));
            yield return row.Value.Length;
        }
        file.EndBucket();
    }

    private List<(byte[] Key, byte[] Value)> Alarms()
    {
        var alarms = new List<(byte[] Key, byte[] Value)>();
        for (var row = snapshot.Seek(TableId.Alarms, []); row.MoveNext();)
        {
            var (member, type) = AlarmSet.ReadKey(row.Key);
            alarms.Add((DatabaseRecords.Alarm(member, type), []));
        }
        return alarms;
    }

    private List<(byte[] Key, byte[] Value)> Mapping() =>
        snapshot.TryGet(TableId.Meta, KeyMapping.RowKey, out var prefix) ? [(V2Buckets.Prefix.ToArray(), prefix.ToArray())] : [];

    private ClusterConfiguration? LoadConfiguration()
    {
        if (!ConfigurationRecord.TryLoad(snapshot, out var data))
            return null;
        return ConfigurationFormat.TryDecode(data, out var configuration)
            ? configuration
            : throw new InvalidDataException("the data file holds a configuration that this version cannot read");
    }

    private static List<(byte[] Key, byte[] Value)> Numbers(in MetaRecord meta, ClusterConfiguration? configuration)
    {
        var rows = new List<(byte[] Key, byte[] Value)>
        {
            (BucketNames.ConsistentIndex.ToArray(), DatabaseRecords.Number(meta.AppliedIndex)),
            (BucketNames.Term.ToArray(), DatabaseRecords.Number(meta.AppliedTerm)),
        };
        if (configuration is not null)
            rows.Add((BucketNames.Configuration.ToArray(), DatabaseRecords.Configuration(configuration)));
        if (meta.CompactRevision > 0)
            rows.Add((BucketNames.ScheduledCompaction.ToArray(), DatabaseRecords.Compaction(meta.CompactRevision)));
        // An etcd that starts on the file sweeps what is between the two.
        if (meta.SweptRevision > 0)
            rows.Add((BucketNames.FinishedCompaction.ToArray(), DatabaseRecords.Compaction(meta.SweptRevision)));
        return rows;
    }

    private static void Give(BoltFileBuilder file, string bucket, IEnumerable<(byte[] Key, byte[] Value)> rows)
    {
        file.BeginBucket(Encoding.UTF8.GetBytes(bucket));
        foreach (var (key, value) in rows.OrderBy(static row => row.Key, KeyOrder))
            file.Add(key, value);
        file.EndBucket();
    }

    private static readonly Comparer<byte[]> KeyOrder = Comparer<byte[]>.Create(static (a, b) => a.AsSpan().SequenceCompareTo(b));

    private static byte[] Id(MemberId id) => Encoding.ASCII.GetBytes(id.ToString());
}
