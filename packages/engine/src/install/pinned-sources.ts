import type { InstalledVariant } from "../installed/engines-folder.js";

/** An npm package in the one version that is used, with the checksum that the registry states for it. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  /** As npm writes it: `sha512-` and base64. */
  readonly integrity: string;
}

/** A Python wheel in the one version that is used. */
export interface PinnedWheel {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** TensorFlow as a set of wheels. */
export interface PinnedWheels {
  readonly tensorflow: string;
  /** What pip is to look for, whatever Python runs it: the library inside is the same for all. */
  readonly python: { readonly version: string; readonly abi: string; readonly platforms: readonly string[] };
  readonly wheels: readonly PinnedWheel[];
  /** What it takes on the disk while it is installed, in bytes: the wheels and what is taken out of them. */
  readonly diskBytes: number;
}

/** TensorFlow's C library as TensorFlow.js's package downloads it. */
export interface PinnedArchive {
  readonly tensorflow: string;
  readonly address: string;
  readonly sha256: string;
  readonly diskBytes: number;
}

/** All that an installation fetches. */
export interface PinnedSources {
  readonly packages: readonly PinnedPackage[];
  /** By variant and `platform-arch`. */
  readonly wheels: Readonly<Record<InstalledVariant, Readonly<Record<string, PinnedWheels>>>>;
  readonly official: Readonly<Record<InstalledVariant, Readonly<Record<string, PinnedArchive>>>>;
}

const gibibyte = 2 ** 30;

const onX64 = {
  version: "3.11",
  abi: "cp311",
  platforms: [
    "manylinux_2_28_x86_64",
    "manylinux_2_27_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux2014_x86_64",
    "manylinux_2_12_x86_64",
    "manylinux2010_x86_64",
  ],
} as const;

/** What is fetched, each in one version and with the checksum that its publisher states: nothing else is ever used. */
export const pinnedSources: PinnedSources = {
  packages: [
    {
      name: "@tensorflow/tfjs-node",
      version: "4.22.0",
      integrity:
        "sha512-uHrXeUlfgkMxTZqHkESSV7zSdKdV0LlsBeblqkuKU9nnfxB1pC6DtoyYVaLxznzZy7WQSegjcohxxCjAf6Dc7w==",
    },
    {
      name: "google-protobuf",
      version: "3.21.4",
      integrity:
        "sha512-MnG7N936zcKTco4Jd2PX2U96Kf9PxygAPKBug+74LHzmHXmceN16MmRcdgZv+DGef/S9YvQAfRsNCn4cjf9yyQ==",
    },
    {
      name: "progress",
      version: "2.0.3",
      integrity:
        "sha512-7PiHtLll5LdnKIMw100I+8xJXR5gW2QwWYkT6iJva0bXitZKa/XMrSbdmg3r2Xnaidz9Qumd0VPaMrZlF9V9sA==",
    },
    {
      name: "node-api-headers",
      version: "1.5.0",
      integrity:
        "sha512-Yi/FgnN8IU/Cd6KeLxyHkylBUvDTsSScT0Tna2zTrz8klmc8qF2ppj6Q1LHsmOueJWhigQwR4cO2p0XBGW5IaQ==",
    },
  ],
  wheels: {
    cpu: {
      "linux-x64": {
        tensorflow: "2.21.0",
        python: onX64,
        diskBytes: 1.3 * gibibyte,
        wheels: [
          {
            name: "tensorflow-cpu",
            version: "2.21.0",
            sha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
          },
        ],
      },
      "linux-arm64": {
        tensorflow: "2.21.0",
        python: {
          version: "3.11",
          abi: "cp311",
          platforms: ["manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux2014_aarch64"],
        },
        diskBytes: 1.3 * gibibyte,
        wheels: [
          {
            name: "tensorflow",
            version: "2.21.0",
            sha256: "4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c",
          },
        ],
      },
    },
    gpu: {
      "linux-x64": {
        tensorflow: "2.21.0",
        python: onX64,
        diskBytes: 10 * gibibyte,
        wheels: [
          {
            name: "tensorflow",
            version: "2.21.0",
            sha256: "9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124",
          },
          {
            name: "nvidia-cublas-cu12",
            version: "12.9.3.13",
            sha256: "d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72",
          },
          {
            name: "nvidia-cuda-cupti-cu12",
            version: "12.8.90",
            sha256: "ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182",
          },
          {
            name: "nvidia-cuda-nvcc-cu12",
            version: "12.9.86",
            sha256: "5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0",
          },
          {
            name: "nvidia-cuda-nvrtc-cu12",
            version: "12.9.86",
            sha256: "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4",
          },
          {
            name: "nvidia-cuda-runtime-cu12",
            version: "12.9.79",
            sha256: "25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3",
          },
          {
            name: "nvidia-cudnn-cu12",
            version: "9.28.0.42",
            sha256: "9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375",
          },
          {
            name: "nvidia-cufft-cu12",
            version: "11.4.1.4",
            sha256: "c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28",
          },
          {
            name: "nvidia-curand-cu12",
            version: "10.3.10.19",
            sha256: "49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e",
          },
          {
            name: "nvidia-cusolver-cu12",
            version: "11.7.5.82",
            sha256: "15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88",
          },
          {
            name: "nvidia-cusparse-cu12",
            version: "12.5.10.65",
            sha256: "73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78",
          },
          {
            name: "nvidia-nccl-cu12",
            version: "2.32.3",
            sha256: "bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c",
          },
          {
            name: "nvidia-nvjitlink-cu12",
            version: "12.9.86",
            sha256: "e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9",
          },
        ],
      },
    },
  },
  official: {
    cpu: {
      "linux-x64": {
        tensorflow: "2.9.1",
        address:
          "https://storage.googleapis.com/tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz",
        sha256: "7f510d2546e3db5e10b1d119463689003d587842892ad3c95bca51cf82820173",
        diskBytes: gibibyte,
      },
    },
    gpu: {
      "linux-x64": {
        tensorflow: "2.9.1",
        address:
          "https://storage.googleapis.com/tensorflow/libtensorflow/libtensorflow-gpu-linux-x86_64-2.9.1.tar.gz",
        sha256: "20c46f761d5905f592c4eac0812e8e50d9cb439f9440a9391912cf4c02ed8be8",
        diskBytes: 3 * gibibyte,
      },
    },
  },
};
