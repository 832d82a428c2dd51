using EtcdApi.Wire;
using Hosting.Durations;
using Hosting.Metrics;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using Storage.Contracts.Commands;

namespace Storage.Host.Service;

/// <summary>How long each command took to apply: a histogram for each operation, and a word in the log about slow ones, both as etcd's. Owned by the apply loop.</summary>
/// <param name="metrics">Where it is counted.</param>
/// <param name="slow">Above it is slow.</param>
/// <param name="logger">Hears of those.</param>
internal sealed class ApplyTimes(StorageMetrics metrics, TimeSpan slow, ILogger logger)
{
    private const string V2 = "v2", V3 = "v3";

    private readonly Dictionary<(string Operation, bool IsSuccess), Histogram> _seconds = [];

    public void Observe(CommandKind kind, ReadOnlySpan<byte> payload, in CommandResult result, TimeSpan took)
    {
        if (OperationOf(kind, payload) is not { } operation)
            return;
        // What was compacted before is no failure to etcd here.
        var key = (operation, result.Error is StorageError.None or StorageError.Compacted);
        if (!_seconds.TryGetValue(key, out var seconds))
            _seconds.Add(key, seconds = metrics.ApplySeconds.With(operation, key.Item2 ? "true" : "false", IsV2(kind) ? V2 : V3));
        seconds.Observe(took.TotalSeconds);
        if (took <= slow)
            return;
        metrics.SlowApplies.Increment();
        StorageLog.SlowApply(logger, GoDuration.Format(took), GoDuration.Format(slow), "", $"{operation} of {payload.Length} bytes", $"{result.Error}, {result.Body.Length} bytes", result.Index.Value);
    }

    private static bool IsV2(CommandKind kind) => kind is CommandKind.V2Write or CommandKind.V2Expire;

    /// <summary>What etcd calls it; null of what it has no such command for.</summary>
    private static string? OperationOf(CommandKind kind, ReadOnlySpan<byte> payload) => kind switch
    {
        CommandKind.Put => "Put",
        CommandKind.DeleteRange => "DeleteRange",
        CommandKind.Txn => "Txn",
        CommandKind.Compact => "Compaction",
        CommandKind.LeaseGrant => "LeaseGrant",
        CommandKind.LeaseRevoke or CommandKind.LeaseExpire => "LeaseRevoke",
        CommandKind.LeaseCheckpoints => "LeaseCheckpoint",
        CommandKind.Alarm or CommandKind.SpaceAlarm => "Alarm",
        CommandKind.Downgrade => "DowngradeInfoSet",
        CommandKind.V2Write => MethodOf(payload),
        CommandKind.V2Expire => "SYNC",
        CommandKind.AuthEnable => "AuthEnable",
        CommandKind.AuthDisable => "AuthDisable",
        CommandKind.AuthStatus => "AuthStatus",
        CommandKind.UserAdd => "AuthUserAdd",
        CommandKind.UserGet => "AuthUserGet",
        CommandKind.UserList => "AuthUserList",
        CommandKind.UserDelete => "AuthUserDelete",
        CommandKind.UserChangePassword => "AuthUserChangePassword",
        CommandKind.UserGrantRole => "AuthUserGrantRole",
        CommandKind.UserRevokeRole => "AuthUserRevokeRole",
        CommandKind.RoleAdd => "AuthRoleAdd",
        CommandKind.RoleGet => "AuthRoleGet",
        CommandKind.RoleList => "AuthRoleList",
        CommandKind.RoleDelete => "AuthRoleDelete",
        CommandKind.RoleGrantPermission => "AuthRoleGrantPermission",
        CommandKind.RoleRevokePermission => "AuthRoleRevokePermission",
        _ => null,
    };

    // The HTTP method that a v2 command was.
    private static string MethodOf(ReadOnlySpan<byte> write)
    {
        var operation = V2Write.Types.Operation.Set;
        var reader = new ProtoReader(write);
        while (reader.Next())
        {
            if (reader.Field == 1)
                operation = (V2Write.Types.Operation)reader.Varint;
        }
        return operation switch
        {
            V2Write.Types.Operation.CreateInOrder => "POST",
            V2Write.Types.Operation.Delete or V2Write.Types.Operation.CompareAndDelete => "DELETE",
            _ => "PUT",
        };
    }
}
