namespace EndToEnd.Tests.ThirdParty;

// The same clients here and on real etcd: the scripts ask for what etcd does.

[Collection(StandaloneTests.Name)]
public sealed class StandaloneDotnetTests(StandaloneFixture fixture) : DotnetBehaviour(fixture);

[Collection(StandaloneTests.Name), Needs(Tool.PythonClients)]
public sealed class StandalonePythonTests(StandaloneFixture fixture) : PythonBehaviour(fixture);

[Collection(StandaloneTests.Name), Needs(Tool.NodeClients)]
public sealed class StandaloneNodeTests(StandaloneFixture fixture) : NodeBehaviour(fixture);

[Collection(RealEtcdTests.Name), Needs(Tool.Etcd)]
public sealed class RealEtcdDotnetTests(RealEtcdFixture fixture) : DotnetBehaviour(fixture);

[Collection(RealEtcdTests.Name), Needs(Tool.Etcd, Tool.PythonClients)]
public sealed class RealEtcdPythonTests(RealEtcdFixture fixture) : PythonBehaviour(fixture);

[Collection(RealEtcdTests.Name), Needs(Tool.Etcd, Tool.NodeClients)]
public sealed class RealEtcdNodeTests(RealEtcdFixture fixture) : NodeBehaviour(fixture);
