using Conformance.Harness;
using EtcdApi.Etcdserverpb;
using Action = EtcdApi.Etcdserverpb.DowngradeRequest.Types.DowngradeAction;

namespace Conformance.V3;

/// <summary>To which release a cluster may be taken back, and who is told no.</summary>
internal static class DowngradeScenarios
{
    public static readonly Scenario<GrpcSession>[] All =
    [
        new("downgrade/validate", async s =>
        {
            foreach (var version in (string[])["3.4", "3.4.0", "3.4.7", "3.4.0-rc.1", "3.4.0+m", "3.5", "3.6.0", "2.4", "", "3", "x", "v3.4", "3.4.", "3.4.0.1", "3.4-rc", " 3.4"])
                await s.Call(Rpc.Downgrade, new DowngradeRequest { Action = Action.Validate, Version = version });
            await s.Call(Rpc.Downgrade, new DowngradeRequest { Action = Action.Cancel, Version = "x" });
            await s.Call(Rpc.Downgrade, new DowngradeRequest { Action = Action.Enable, Version = "3.3" });
            await s.Call(Rpc.Downgrade, new DowngradeRequest { Action = (Action)9, Version = "3.4" });
        }),
        new("downgrade/under-way", s => s.WhileDowngradingAsync(async () =>
        {
            await s.Call(Rpc.Downgrade, new DowngradeRequest { Action = Action.Validate, Version = "3.4" });
            await s.Call(Rpc.Downgrade, new DowngradeRequest { Action = Action.Validate, Version = "3.3" });
            await s.Call(Rpc.Downgrade, new DowngradeRequest { Action = Action.Enable, Version = "3.4" });
            // Nothing else changes.
            await s.Put("k", "v");
            await s.Range(Messages.Get("k"));
        })),
    ];
}
