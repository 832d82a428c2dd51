using Consensus.Contracts;
using Consensus.Host;
using Consensus.Host.Peers;
using Hosting.Health;

return Hosting.ServiceHost.Run(
    "consensus",
    args,
    ConsensusSettings.All,
    static builder =>
    {
        builder.Services.AddConsensus(builder.Configuration.ReadConsensusOptions());
        builder.Services.AddReadiness<IConsensus>(
            "leader", static async (consensus, cancellation) => (await consensus.GetStatusAsync(cancellation)).Leader.Value == 0 ? "no leader" : null);
    },
    static app =>
    {
        app.UseClusterCheck();
        app.MapConsensus();
        app.MapConsensusPeers("""{"etcdserver":"3.5.30","etcdcluster":"3.5.0"}""");
    },
    static port => port.UseConsensusPeers());
