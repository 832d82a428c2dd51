using Consensus.Host;

return Hosting.ServiceHost.Run(
    "consensus",
    args,
    static builder => builder.Services.AddConsensus(builder.Configuration.ReadConsensusOptions()),
    static app => app.MapConsensus());
