using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("LeaseManager.Tests")]
[assembly: InternalsVisibleTo("Simulation.Tests")]
