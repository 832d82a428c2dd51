using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using Action = EtcdApi.Etcdserverpb.AlarmRequest.Types.AlarmAction;

namespace Conformance.Etcdctl;

/// <summary>What is left of etcdctl's commands: each output form of member, endpoint, alarm, user and role, a leader that is moved to itself, snapshots (etcdctl §2.2, §2.6).</summary>
internal static class MatrixScenarios
{
    private static readonly string[] s_formats = ["simple", "json", "fields", "table", "protobuf", "nonsense"];

    public static IEnumerable<Scenario<EtcdctlSession>> All()
    {
        foreach (var format in s_formats)
            yield return new($"ctl-alarm/raised-{format}", s => Alarms(s, format));
        foreach (var format in (string[])["simple", "json", "fields", "table"])
        {
            yield return new($"ctl-member/changes-{format}", s => Members(s, format));
            yield return new($"ctl-endpoint/hashkv-{format}", s => s.RunAll("put a b", $"endpoint hashkv -w {format}", $"endpoint hashkv --cluster -w {format}"));
        }
        yield return new("ctl-endpoint/protobuf", s => s.RunAll("endpoint status -w protobuf", "endpoint health -w protobuf", "endpoint hashkv -w protobuf"));
        yield return new("ctl-endpoint/usage", s => s.RunAll("endpoint", "endpoint status x", "endpoint hashkv --rev x", "endpoint health --nonsense"));
        yield return new("ctl-member/usage", s => s.RunAll(
            "member add", "member add x", "member add x y --peer-urls=http://127.0.0.1:1", "member remove", "member remove zz", "member remove 5", "member update", "member update 5",
            "member update 5 --peer-urls=http://127.0.0.1:1", "member promote", "member promote zz", "member promote 5", "member list x"));
        yield return new("ctl-move-leader/alone", s => s.RunAll("move-leader", "move-leader zz", "move-leader 1234", $"move-leader {s.MemberId}", $"move-leader {s.MemberId} -w json"));
        yield return new("ctl-snapshot/save", Snapshots);
        yield return new("ctl-snapshot/usage", s => s.RunAll("snapshot", "snapshot save", "snapshot status", "snapshot restore", "snapshot save a b"));
        yield return new("ctl-lock/several-words", s => s.RunAll("lock a -- sh -c 'echo one; echo two >&2; exit 7'", "lock 'a b' -- sh -c 'echo $ETCD_LOCK_KEY'", "get --prefix ''"));
        yield return new("ctl-version", s => s.RunAll("version", "version -w json", "help version", "no-such-command"));
    }

    /// <summary>On a pair where users may be made.</summary>
    public static IEnumerable<Scenario<EtcdctlSession>> Users()
    {
        yield return new("ctl-auth/protobuf", async s =>
        {
            await s.RunProtobuf(AuthRoleAddResponse.Parser, "role add r -w protobuf");
            await s.RunProtobuf(AuthRoleGrantPermissionResponse.Parser, "role grant-permission r read a b -w protobuf");
            await s.RunProtobuf(AuthRoleGetResponse.Parser, "role get r -w protobuf");
            await s.RunProtobuf(AuthRoleListResponse.Parser, "role list -w protobuf");
            await s.RunProtobuf(AuthUserAddResponse.Parser, "user add ann:ap -w protobuf");
            await s.RunProtobuf(AuthUserGrantRoleResponse.Parser, "user grant-role ann r -w protobuf");
            await s.RunProtobuf(AuthUserGetResponse.Parser, "user get ann -w protobuf");
            await s.RunProtobuf(AuthUserListResponse.Parser, "user list -w protobuf");
            await s.RunProtobuf(AuthUserChangePasswordResponse.Parser, "user passwd ann --interactive=false -w protobuf", "other\n");
            await s.RunProtobuf(AuthStatusResponse.Parser, "auth status -w protobuf");
            await s.RunProtobuf(AuthUserRevokeRoleResponse.Parser, "user revoke-role ann r -w protobuf");
            await s.RunProtobuf(AuthRoleRevokePermissionResponse.Parser, "role revoke-permission r a b -w protobuf");
            await s.RunProtobuf(AuthUserDeleteResponse.Parser, "user delete ann -w protobuf");
            await s.RunProtobuf(AuthRoleDeleteResponse.Parser, "role delete r -w protobuf");
        });
        yield return new("ctl-auth/usage", s => s.RunAll(
            "user", "user add", "user get", "user delete", "user passwd", "user grant-role", "user grant-role a", "user revoke-role a", "role", "role add", "role get", "role delete",
            "role grant-permission", "role grant-permission r", "role grant-permission r read", "role grant-permission r read --prefix --from-key a", "role revoke-permission r", "auth",
            "auth nonsense", "user list x", "role list x"));
        yield return new("ctl-auth/permission-forms", async s =>
        {
            await s.Run("role add r");
            foreach (var permission in (string[])["read", "write", "readwrite"])
                await s.RunAll($"role grant-permission r {permission} k", $"role grant-permission r {permission} --prefix p/", $"role grant-permission r {permission} --from-key z", $"role grant-permission r {permission} --prefix ''");
            foreach (var format in (string[])["simple", "json", "fields"])
                await s.Run($"role get r -w {format}");
            await s.RunAll("role revoke-permission r k", "role revoke-permission r --prefix p/", "role revoke-permission r --from-key z", "role revoke-permission r --prefix ''", "role get r", "role delete r");
        });
    }

    private static async Task Alarms(EtcdctlSession s, string format)
    {
        await s.Alarm(Action.Activate, AlarmType.Nospace);
        await ListAsync();
        if (format == "protobuf")
            await s.RunProtobuf(AlarmResponse.Parser, "alarm disarm -w protobuf");
        else
            await s.Run($"alarm disarm -w {format}");
        await ListAsync();
        await s.RunUnseen("alarm disarm");

        Task ListAsync() => format == "protobuf" ? s.RunProtobuf(AlarmResponse.Parser, "alarm list -w protobuf") : s.Run($"alarm list -w {format}");
    }

    private static async Task Members(EtcdctlSession s, string format)
    {
        // An id that is made of the same URL in the same second would be that of the last.
        var url = $"http://127.0.0.1:{10 + Array.IndexOf(s_formats, format)}";
        var id = await s.RunMemberAdd($"member add other --learner --peer-urls={url} -w {format}");
        await s.RunAll($"member promote {id} -w {format}", $"member remove {id} -w {format}", $"member remove {id} -w {format}", $"member list -w {format}");
        // Not of the learner: etcd 3.5 takes it for a voter afterwards, in its list.
        await s.RunAll($"member update {s.MemberId} --peer-urls={s.PeerUrl} -w {format}", $"member list -w {format}");
    }

    private static async Task Snapshots(EtcdctlSession s)
    {
        using var folder = new SnapshotFolder();
        s.Hide(folder.Path, "<folder>");
        await s.RunAll("put a 1", "put b 2");
        await s.RunLogged($"snapshot save {folder.Path}/s.db");
        foreach (var format in (string[])["simple", "json", "fields", "table", "protobuf"])
            await s.RunLogged($"snapshot status {folder.Path}/s.db -w {format}");
        await s.RunLogged($"snapshot save {folder.Path}/none/s.db");
        await s.RunLogged($"snapshot status {folder.Path}/none.db");
        await s.RunLogged($"snapshot restore {folder.Path}/s.db --data-dir {folder.Path}/restored");
        await s.RunLogged($"snapshot restore {folder.Path}/s.db --data-dir {folder.Path}/restored");
        await File.AppendAllTextAsync(folder.Path + "/s.db", "x");
        await s.RunLogged($"snapshot restore {folder.Path}/s.db --data-dir {folder.Path}/again");
    }

    private sealed class SnapshotFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("conformance").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
