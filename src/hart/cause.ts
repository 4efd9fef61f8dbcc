/** Exception and interrupt codes. [RISC-V privileged ISA, Machine Cause Register (mcause)] */

/** Exception codes as they stand in mcause and scause. */
export const Cause = {
  FetchMisaligned: 0,
  FetchAccess: 1,
  IllegalInstruction: 2,
  Breakpoint: 3,
  LoadMisaligned: 4,
  LoadAccess: 5,
  StoreMisaligned: 6,
  StoreAccess: 7,
  EcallFromU: 8,
  EcallFromS: 9,
  EcallFromM: 11,
  FetchPageFault: 12,
  LoadPageFault: 13,
  StorePageFault: 15,
} as const;

/** Interrupt codes; bit n of mip and mie belongs to code n. */
export const Interrupt = {
  SupervisorSoftware: 1,
  MachineSoftware: 3,
  SupervisorTimer: 5,
  MachineTimer: 7,
  SupervisorExternal: 9,
  MachineExternal: 11,
} as const;
