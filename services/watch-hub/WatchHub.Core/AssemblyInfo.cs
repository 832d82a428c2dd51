using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("WatchHub.Tests")]
[assembly: InternalsVisibleTo("WatchSimulation.Tests")]
