namespace EndToEnd.Tests.Deployments;

/// <summary>A deployment started once for the tests that share it.</summary>
public abstract class DeploymentFixture(Deployment deployment, params Tool[] needs) : IAsyncLifetime
{
    public Deployment Deployment { get; } = deployment;

    public async Task InitializeAsync()
    {
        // Where a tool is missing the tests are skipped, except under CI: there they shall say so.
        var missing = needs.Select(Toolbox.WhyMissing).FirstOrDefault(reason => reason is not null);
        if (missing is null)
            await Deployment.StartAsync();
        else if (Toolbox.IsCi)
            throw new InvalidOperationException(missing);
    }

    public async Task DisposeAsync() => await Deployment.DisposeAsync();
}

public sealed class StandaloneFixture() : DeploymentFixture(new StandaloneDeployment());

public sealed class FiveProcessesFixture() : DeploymentFixture(new FiveProcessesDeployment());

public sealed class ClusterProcessesFixture() : DeploymentFixture(new ClusterProcessesDeployment());

public sealed class ComposeFixture() : DeploymentFixture(new ComposeDeployment(), Tool.ContainerEngine);

public sealed class RealEtcdFixture() : DeploymentFixture(new RealEtcdDeployment(), Tool.Etcd);

/// <summary>Test classes of one deployment share it.</summary>
[CollectionDefinition(Name)]
public sealed class StandaloneTests : ICollectionFixture<StandaloneFixture>
{
    public const string Name = "standalone";
}

[CollectionDefinition(Name)]
public sealed class FiveProcessesTests : ICollectionFixture<FiveProcessesFixture>
{
    public const string Name = "five processes";
}

[CollectionDefinition(Name)]
public sealed class ClusterProcessesTests : ICollectionFixture<ClusterProcessesFixture>
{
    public const string Name = "cluster of processes";
}

[CollectionDefinition(Name)]
public sealed class ComposeTests : ICollectionFixture<ComposeFixture>
{
    public const string Name = "compose";
}

[CollectionDefinition(Name)]
public sealed class RealEtcdTests : ICollectionFixture<RealEtcdFixture>
{
    public const string Name = "real etcd";
}
