namespace EndToEnd.Tests.Behaviour;

// The same tests, once for each deployment: nothing may tell them apart.

[Collection(StandaloneTests.Name), Needs(Tool.Etcdctl)]
public sealed class StandaloneEtcdctlTests(StandaloneFixture fixture) : EtcdctlBehaviour(fixture);

[Collection(StandaloneTests.Name)]
public sealed class StandaloneV2Tests(StandaloneFixture fixture) : V2Behaviour(fixture);

[Collection(FiveProcessesTests.Name), Needs(Tool.Etcdctl)]
public sealed class FiveProcessesEtcdctlTests(FiveProcessesFixture fixture) : EtcdctlBehaviour(fixture);

[Collection(FiveProcessesTests.Name)]
public sealed class FiveProcessesV2Tests(FiveProcessesFixture fixture) : V2Behaviour(fixture);

[Collection(ClusterProcessesTests.Name), Needs(Tool.Etcdctl)]
public sealed class ClusterProcessesEtcdctlTests(ClusterProcessesFixture fixture) : EtcdctlBehaviour(fixture);

[Collection(ClusterProcessesTests.Name)]
public sealed class ClusterProcessesV2Tests(ClusterProcessesFixture fixture) : V2Behaviour(fixture);

[Collection(ComposeTests.Name), Needs(Tool.ContainerEngine, Tool.Etcdctl)]
public sealed class ComposeEtcdctlTests(ComposeFixture fixture) : EtcdctlBehaviour(fixture);

[Collection(ComposeTests.Name), Needs(Tool.ContainerEngine)]
public sealed class ComposeV2Tests(ComposeFixture fixture) : V2Behaviour(fixture);

[Collection(RealEtcdTests.Name), Needs(Tool.Etcd, Tool.Etcdctl)]
public sealed class RealEtcdEtcdctlTests(RealEtcdFixture fixture) : EtcdctlBehaviour(fixture);

[Collection(RealEtcdTests.Name), Needs(Tool.Etcd)]
public sealed class RealEtcdV2Tests(RealEtcdFixture fixture) : V2Behaviour(fixture);
