using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Consensus.Contracts;
using Storage.Core.Auth;
using Storage.Core.Bolt;
using Storage.Core.Leases;
using Storage.Core.Mapping;
using Storage.Core.Mvcc;
using Storage.Core.State;
using Storage.Core.Tree;

namespace Storage.Core.Database;

/// <summary>
/// Writes what a database of etcd holds into an empty tree, as the state that a new cluster begins with. Every byte comes from elsewhere and is checked.
/// </summary>
/// <remarks>
/// Kept: all revisions of keys, leases with what is left of them, alarms, users and roles, and the v2 key space of a file of ours. Replaced: members and cluster
/// version. A log index of the cluster before means nothing in the new one. Buckets that neither etcd nor we know are left out.
/// </remarks>
public sealed class DatabaseLoader(BoltFile file, ITree tree, RestoreOptions options)
{
    // As a lease granted by the entry that the restored state stands for.
    private static readonly ulong s_grantedIndex = RestoredCluster.Before.Value;

    private readonly V2Loader _v2 = new(tree);
    private Revision _lastRevision;
    private long _scheduledCompaction = -1, _finishedCompaction = -1;
    private bool _hasKeys;
    private MappedKeys? _mapped;

    /// <summary>
    /// Loads one row after the other and says how many bytes it has; the caller commits the tree now and then to bound its memory, and uses it only after
    /// the last one.
    /// </summary>
    /// <exception cref="BoltDamagedException">The file is damaged, or holds something that is no record of etcd's.</exception>
    public IEnumerable<int> Load()
    {
        for (var bucket = file.Buckets(); bucket.MoveNext();)
        {
            if (!bucket.IsBucket)
                throw new BoltDamagedException("the file is no database of etcd: it has a row outside of all buckets");
            var name = Encoding.UTF8.GetString(bucket.Key);
            if (LoaderOf(name) is not { } load)
                continue;
            for (var row = file.Rows(bucket.Key, bucket.Value); row.MoveNext();)
            {
                if (row.IsBucket)
                    throw new BoltDamagedException($"bucket {name} has a bucket within it");
                if (row.Value.Length > CopyOnWriteTree.MaxValueBytes)
                    throw new BoltDamagedException($"bucket {name} has a value of {row.Value.Length} bytes; {CopyOnWriteTree.MaxValueBytes} is the limit");
                load(row);
                yield return row.Value.Length;
            }
        }
        if (!_hasKeys)
            throw new BoltDamagedException("the file is no database of etcd: it has no bucket key");
        if (_mapped is not null)
            MappedRows.Require(file, _mapped);
        Finish();
    }

    private Action<BoltCursor>? LoaderOf(string bucket)
    {
        _hasKeys |= bucket == BucketNames.Key;
        return bucket switch
        {
            BucketNames.Key => LoadRevision,
            BucketNames.Lease => LoadLease,
            BucketNames.Alarm => LoadAlarm,
            BucketNames.Auth => row => Copy(TableId.Auth, row),
            BucketNames.AuthUsers => row => CopyNamed(TableId.AuthUsers, row, static (name, record) => AuthUser.Decode(name, record)),
            BucketNames.AuthRoles => row => CopyNamed(TableId.AuthRoles, row, static (name, record) => AuthRole.Decode(name, record)),
            BucketNames.Meta => LoadNumber,
            V2Buckets.Nodes => _v2.LoadNode,
            V2Buckets.Events => _v2.LoadEvent,
            V2Buckets.Numbers => _v2.LoadNumber,
            V2Buckets.Mapping => LoadMapping,
            _ => null,
        };
    }

    private void LoadRevision(BoltCursor row)
    {
        if (!RevisionKey.TryRead(row.Key, out var revision, out var tombstone) || revision.Main <= 0)
            throw new BoltDamagedException("bucket key has a key that is no revision");
        if (revision <= _lastRevision)
            throw new BoltDamagedException($"revision {revision} is there twice");
        _lastRevision = revision;
        if (!KeyValueRecord.TryRead(row.Value, out var record))
        {
            // The mark that a restore with bumped revisions leaves in etcd's file: a revision, and no key.
            if (row.Value.IsEmpty || IsKeyless(row.Value))
                return;
            throw new BoltDamagedException($"revision {revision} holds no key-value record");
        }
        if (!tombstone && (record.ModRevision != revision.Main || record.Version <= 0 || record.CreateRevision <= 0 || record.CreateRevision > record.ModRevision))
        {
            throw new BoltDamagedException(
                $"revision {revision} holds a record of revision {record.ModRevision}, created at {record.CreateRevision}, version {record.Version}");
        }
        RevisionRow.Put(tree, row.Key, row.Value);
    }

    private void LoadLease(BoltCursor row)
    {
        if (row.Key.Length != Lease.KeyBytes || !DatabaseRecords.TryReadLease(row.Value, out var id, out var ttlSeconds, out var remainingSeconds)
            || id != BinaryPrimitives.ReadInt64BigEndian(row.Key) || id == 0 || ttlSeconds <= 0 || remainingSeconds < 0 || remainingSeconds > ttlSeconds)
        {
            throw new BoltDamagedException("bucket lease has a row that is no lease");
        }
        tree.Put(TableId.Leases, row.Key, Lease.WriteRecord(ttlSeconds, s_grantedIndex, remainingSeconds));
    }

    private void LoadAlarm(BoltCursor row)
    {
        if (!DatabaseRecords.TryReadAlarm(row.Key, out var member, out var type))
            throw new BoltDamagedException("bucket alarm has a row that is no alarm");
        tree.Put(TableId.Alarms, AlarmSet.Key(member, type), [1]);
    }

    private void LoadNumber(BoltCursor row)
    {
        var isScheduled = row.Key.SequenceEqual(BucketNames.ScheduledCompaction);
        if (!isScheduled && !row.Key.SequenceEqual(BucketNames.FinishedCompaction))
            return;
        if (!RevisionKey.TryRead(row.Value, out var revision, out _) || revision.Main < 0)
            throw new BoltDamagedException("bucket meta has a compaction at something that is no revision");
        if (isScheduled)
            _scheduledCompaction = revision.Main;
        else
            _finishedCompaction = revision.Main;
    }

    private void LoadMapping(BoltCursor row)
    {
        if (!row.Key.SequenceEqual(V2Buckets.Prefix) || !Utf8.IsValid(row.Value) || row.Value is not [.., (byte)'/'])
            throw new BoltDamagedException("bucket v2_mapping has a row that is no prefix");
        _mapped = new MappedKeys(Encoding.UTF8.GetString(row.Value[..^1]));
        tree.Put(TableId.Meta, KeyMapping.RowKey, row.Value);
    }

    private void CopyNamed(TableId table, BoltCursor row, Action<string, byte[]> check)
    {
        try
        {
            check(Encoding.UTF8.GetString(row.Key), row.Value.ToArray());
        }
        catch (InvalidDataException unreadable)
        {
            throw new BoltDamagedException(unreadable.Message);
        }
        Copy(table, row);
    }

    private void Copy(TableId table, BoltCursor row)
    {
        if (row.Key.Length > CopyOnWriteTree.MaxKeyBytes)
            throw new BoltDamagedException($"a name of {row.Key.Length} bytes is longer than {CopyOnWriteTree.MaxKeyBytes}");
        tree.Put(table, row.Key, row.Value);
    }

    private void Finish()
    {
        // A compaction may have removed the newest revisions, when they were tombstones: as in etcd, the revision does not go back for that.
        var compacted = Math.Max(_scheduledCompaction, _finishedCompaction);
        var revision = Math.Max(MvccStore.EmptyRevision, Math.Max(_lastRevision.Main, compacted));
        if (options.BumpRevision < 0 || options.BumpRevision > long.MaxValue - revision)
            throw new BoltDamagedException($"revision {revision} cannot be bumped by {options.BumpRevision}");
        revision += options.BumpRevision;
        if (options.MarkCompacted)
            compacted = revision;
        _v2.Finish();
        var newV2 = StateMachine.InitialV2IndexOf(options.Configuration.Members.Length);
        var v2 = _v2.HasNumbers ? _v2.Numbers : (InitialIndex: newV2, Index: newV2, LastNodeId: 0);
        ConfigurationRecord.Save(tree, ConfigurationFormat.Encode(options.Configuration));
        new MetaRecord(
            RestoredCluster.Before.Value, RestoredCluster.TermBefore.Value, revision, compacted, _finishedCompaction,
            v2.InitialIndex, v2.Index, v2.LastNodeId, Claim: default, ClockUnixNanos: 0).Save(tree);
    }

    private static bool IsKeyless(ReadOnlySpan<byte> record)
    {
        var reader = new EtcdApi.Wire.ProtoReader(record);
        while (reader.Next())
        {
            if (reader.Field == 1 && !reader.Bytes.IsEmpty)
                return false;
        }
        return !reader.Malformed;
    }
}
