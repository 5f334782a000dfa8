//! A driver brings a vehicle to the stop line or through the lane: `rapier3d`'s ray-cast vehicle (a port of Bullet's
//! btRaycastVehicle) under a law of pedals.
use laneproof_scenes::{motion::Motion, vehicle::Vehicle};
use rapier3d::{
    control::{DynamicRayCastVehicleController, WheelTuning},
    prelude::*,
};

use crate::trajectory::{Sample, TICKS_PER_SECOND, Trajectory, WheelState};

/// Nearest start of the front before the stop line, metres.
const START_M: f32 = 14.0;
/// How fast the driver's foot changes the deceleration, m·s⁻³ (assumption).
const FOOT_MPS3: f32 = 8.0;
/// Time recorded after the stop, so that the body's rocking dies away, seconds.
const SETTLE_S: f32 = 2.5;
/// Longest way to a stop, seconds; only a fault of the braking law reaches it.
const LIMIT_S: f32 = 120.0;
/// How far the front of a vehicle that drives through is followed beyond the stop line, metres: a car's length beyond the
/// last place of a trigger.
const PASS_TO_M: f32 = 16.0;
/// How hard the driver lets go of the throttle near the speed that is aimed at, acceleration per speed that lacks, s⁻¹
/// (assumption).
const THROTTLE_PER_S: f32 = 2.0;
/// Bounce frequency of the body on its springs, hertz, and damping ratio (T. D. Gillespie, *Fundamentals of Vehicle
/// Dynamics*, ch. 5: 1 to 1.5 Hz, 0.2 to 0.4).
const RIDE_HZ: f32 = 1.3;
const DAMPING_RATIO: f32 = 0.35;
/// Spring length at rest, metres (assumption; only the travel about it matters).
const SPRING_AT_REST_M: f32 = 0.30;
/// Height of the centre of mass as a share of the overall height (G. Heydinger et al., SAE 1999-01-1336: about 0.38).
const MASS_HEIGHT_SHARE: f32 = 0.38;
/// Share of the braking that the front axle does (assumption).
const FRONT_BRAKE_SHARE: f32 = 0.62;
/// Standard gravity, m·s⁻².
const GRAVITY_MPS2: f32 = 9.81;
/// Below this the vehicle stands, m·s⁻¹.
const STANDING_MPS: f32 = 0.01;

/// Why a vehicle cannot drive.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DriveError {
    /// Out of range.
    #[error("approach speed {0} m/s: right would be 0.5 to 20 m/s")]
    Speed(f32),
    /// Out of range.
    #[error("lateral offset {0} m: right would be −3 to 3 m")]
    Offset(f32),
    /// Out of range.
    #[error("{what} {value} {unit}: right would be {low} to {high} {unit}")]
    Motion {
        /// Which number of the motion.
        what: &'static str,
        /// As given.
        value: f32,
        /// Least.
        low: f32,
        /// Greatest.
        high: f32,
        /// Unit of all three.
        unit: &'static str,
    },
    /// The model lacks what driving needs.
    #[error("vehicle `{name}`: {what}")]
    Vehicle {
        /// Its name.
        name: String,
        /// What is wrong and what would be right.
        what: String,
    },
}

/// Drives a vehicle from upstream to the stop line, or through the lane.
///
/// The front starts 14 m before its first stop or, where it makes none, before the line (farther where the speed needs it) at
/// the approach speed (metres per second, 0.5 to 20; a vehicle that stands does not use it), on springs at rest, its middle
/// `lateral_offset_m` (−3 to 3) to the left of the lane's. The same arguments give the same bytes.
///
/// # Errors
/// A number out of its range, or a vehicle that cannot drive: not four wheels, too light, axles too near.
pub fn drive(
    vehicle: &Vehicle,
    approach_speed_mps: f32,
    lateral_offset_m: f32,
    motion: Motion,
) -> Result<Trajectory, DriveError> {
    if !(0.5..=20.0).contains(&approach_speed_mps) {
        return Err(DriveError::Speed(approach_speed_mps));
    }
    if !(-3.0..=3.0).contains(&lateral_offset_m) {
        return Err(DriveError::Offset(lateral_offset_m));
    }
    check(motion)?;
    let wrong = |what: &str| DriveError::Vehicle { name: vehicle.name.clone(), what: what.to_owned() };
    if vehicle.wheels.len() != 4 {
        return Err(wrong("it has not four wheels, as a car needs"));
    }
    if vehicle.mass_kg.is_nan() || vehicle.mass_kg < 100.0 {
        return Err(wrong("its mass is under 100 kg; a car's is 700 to 4,000 kg"));
    }
    let (rear_z, front_z) = axles(vehicle);
    if front_z - rear_z < 1.0 {
        return Err(wrong("its axles are less than 1 m apart, or on one side of the origin"));
    }

    let line_z = -vehicle.front_z_m;
    let reaction_m = approach_speed_mps + 2.0;
    let before = |stop_z_m: f32, braking_mps2: f32| {
        let braking_distance_m = approach_speed_mps * approach_speed_mps / (2.0 * braking_mps2);
        stop_z_m - START_M.max(braking_distance_m + reaction_m)
    };
    let start = |z_m: f32, speed_mps: f32| {
        let car = Car::new(vehicle, Vector::new(lateral_offset_m, 0.0, z_m), speed_mps);
        Recording { samples: vec![car.sample()], car }
    };
    let late = || wrong("it did not come to rest within two minutes");
    let (recording, stop_tick) = match motion {
        Motion::Stop { braking_mps2 } => {
            let mut recording = start(before(line_z, braking_mps2), approach_speed_mps);
            let stop_tick = recording.stop_at(line_z, braking_mps2, None).ok_or_else(late)?;
            recording.hold(SETTLE_S);
            (recording, Some(stop_tick))
        }
        Motion::Pass => {
            let mut recording = start(line_z - START_M.max(reaction_m), approach_speed_mps);
            recording.roll_to(line_z + PASS_TO_M);
            (recording, None)
        }
        Motion::Stand => {
            let mut recording = start(line_z, 0.0);
            recording.hold(SETTLE_S);
            (recording, Some(0))
        }
        Motion::StopAndGo { braking_mps2, first_stop_z_m, wait_s, start_mps2, creep_speed_mps } => {
            let first_z = line_z + first_stop_z_m;
            let mut recording = start(before(first_z, braking_mps2), approach_speed_mps);
            recording.stop_at(first_z, braking_mps2, None).ok_or_else(late)?;
            recording.hold(wait_s);
            let throttle = Throttle { start_mps2, speed_mps: creep_speed_mps };
            let stop_tick = recording.stop_at(line_z, braking_mps2, Some(throttle)).ok_or_else(late)?;
            recording.hold(SETTLE_S);
            (recording, Some(stop_tick))
        }
    };
    Ok(Trajectory { samples: recording.samples, front_z_m: vehicle.front_z_m, stop_tick })
}

/// Whether the numbers of a motion can be driven.
fn check(motion: Motion) -> Result<(), DriveError> {
    let within = |what, value: f32, low: f32, high: f32, unit| {
        let fault = DriveError::Motion { what, value, low, high, unit };
        if (low..=high).contains(&value) { Ok(()) } else { Err(fault) }
    };
    let braking = |value| within("deceleration", value, 0.5, 3.4, "m/s²");
    match motion {
        Motion::Stop { braking_mps2 } => braking(braking_mps2),
        Motion::Pass | Motion::Stand => Ok(()),
        Motion::StopAndGo { braking_mps2, first_stop_z_m, wait_s, start_mps2, creep_speed_mps } => {
            braking(braking_mps2)?;
            within("place of the first stop", first_stop_z_m, -40.0, -1.0, "m")?;
            within("wait", wait_s, 0.0, 60.0, "s")?;
            within("acceleration", start_mps2, 0.3, 3.0, "m/s²")?;
            within("creep speed", creep_speed_mps, 0.5, 5.0, "m/s")
        }
    }
}

/// How a driver starts again.
#[derive(Debug, Clone, Copy)]
struct Throttle {
    start_mps2: f32,
    speed_mps: f32,
}

/// What the driver's foot does in a step.
#[derive(Debug, Clone, Copy)]
enum Pedal {
    /// Holds the wheels.
    Hold,
    /// Decelerates by so much, m·s⁻²; 0 rolls.
    Brake(f32),
    /// Accelerates by so much, m·s⁻².
    Throttle(f32),
}

/// A car and where it was in each step.
struct Recording {
    car: Car,
    samples: Vec<Sample>,
}

impl Recording {
    fn step(&mut self, pedal: Pedal) {
        self.car.step(pedal);
        self.samples.push(self.car.sample());
    }

    /// Holds the wheels for a time.
    fn hold(&mut self, time_s: f32) {
        for _ in 0..(time_s * TICKS_PER_SECOND as f32) as u32 {
            self.step(Pedal::Hold);
        }
    }

    /// Rolls until the car is there.
    fn roll_to(&mut self, z_m: f32) {
        let limit = (LIMIT_S * TICKS_PER_SECOND as f32) as u32;
        for _ in 0..limit {
            if self.car.z_m() >= z_m {
                return;
            }
            self.step(Pedal::Brake(0.0));
        }
    }

    /// Brings the car to rest at a place, after speeding up where a throttle is given; the step in which it rests, or `None`
    /// when it does not come to rest in time.
    fn stop_at(&mut self, z_m: f32, braking_mps2: f32, throttle: Option<Throttle>) -> Option<u32> {
        let foot_step_mps2 = FOOT_MPS3 / TICKS_PER_SECOND as f32;
        let limit = (LIMIT_S * TICKS_PER_SECOND as f32) as u32;
        let (mut brake_mps2, mut drive_mps2) = (0.0f32, 0.0f32);
        // From rest: a car that has not got going yet is not one that has arrived.
        let mut going = throttle.is_none();
        for _ in 0..limit {
            let speed = self.car.speed_mps();
            going |= speed > 10.0 * STANDING_MPS;
            if going && speed < 3.0 * STANDING_MPS {
                self.step(Pedal::Hold);
            } else {
                // Deceleration that would stop the car there; the foot comes down when it reaches the one aimed at.
                let left_m = (z_m - self.car.z_m()).max(0.01);
                let needed = speed * speed / (2.0 * left_m);
                let brakes = brake_mps2 > 0.0 || needed >= 0.97 * braking_mps2;
                let wanted = if brakes { needed.min(2.0 * braking_mps2) } else { 0.0 };
                brake_mps2 += (wanted - brake_mps2).clamp(-foot_step_mps2, foot_step_mps2);
                let lacks = |t: Throttle| (THROTTLE_PER_S * (t.speed_mps - speed)).clamp(0.0, t.start_mps2);
                let wanted = if brakes { 0.0 } else { throttle.map_or(0.0, lacks) };
                // The foot leaves the throttle at once and presses it gently.
                drive_mps2 = wanted.min(drive_mps2 + foot_step_mps2);
                self.step(if drive_mps2 > 0.0 { Pedal::Throttle(drive_mps2) } else { Pedal::Brake(brake_mps2) });
            }
            if going && self.car.speed_mps().abs() < STANDING_MPS {
                return Some((self.samples.len() - 1) as u32);
            }
        }
        None
    }
}

/// Mean z of the wheels behind and before the origin, metres.
fn axles(vehicle: &Vehicle) -> (f32, f32) {
    let mean = |front: bool| {
        let z: Vec<f32> = vehicle.wheels.iter().map(|w| w.hub_m.z).filter(|z| (*z > 0.0) == front).collect();
        z.iter().sum::<f32>() / z.len().max(1) as f32
    };
    (mean(false), mean(true))
}

/// The vehicle in its physics world.
struct Car {
    world: PhysicsWorld,
    body: RigidBodyHandle,
    controller: DynamicRayCastVehicleController,
    mass_kg: f32,
    front: [bool; 4],
}

impl Car {
    fn new(vehicle: &Vehicle, position: Vector, speed_mps: f32) -> Self {
        let mut world = PhysicsWorld::new();
        world.gravity = Vector::new(0.0, -GRAVITY_MPS2, 0.0);
        world.integration_parameters.dt = 1.0 / TICKS_PER_SECOND as f32;
        let road = ColliderBuilder::cuboid(10.0, 1.0, 500.0).translation(Vector::new(0.0, -1.0, 0.0));
        world.insert_collider(road, None);

        let Vehicle { mass_kg, length_m, width_m, height_m, .. } = *vehicle;
        let (rear_z, front_z) = axles(vehicle);
        // A little ahead of the middle, as with a front engine (assumption).
        let mass_z = rear_z + 0.55 * (front_z - rear_z);
        let centre = Vector::new(0.0, MASS_HEIGHT_SHARE * height_m, mass_z);
        // Moments of a homogeneous box of the overall measures.
        let box_moment = |a: f32, b: f32| mass_kg / 12.0 * (a * a + b * b);
        let moments =
            Vector::new(box_moment(length_m, height_m), box_moment(length_m, width_m), box_moment(width_m, height_m));
        let chassis = RigidBodyBuilder::dynamic()
            .translation(position)
            .linvel(Vector::new(0.0, 0.0, speed_mps))
            .can_sleep(false)
            .additional_mass_properties(MassProperties::new(centre, mass_kg, moments));
        let body = world.insert_body(chassis);
        world.bodies[body].recompute_mass_properties_from_colliders(&world.colliders);

        let mut controller = DynamicRayCastVehicleController::new(body);
        controller.index_up_axis = 1;
        controller.index_forward_axis = 2;
        // Stiffness and damping of one wheel per kilogram of the body, as the controller takes them.
        let omega = std::f32::consts::TAU * RIDE_HZ;
        let stiffness = omega * omega / 4.0;
        let damping = 2.0 * DAMPING_RATIO * omega / 4.0;
        for wheel in &vehicle.wheels {
            // Static load of this wheel per kilogram of the body: the spring is that much longer when free, so that the
            // vehicle starts and ends at the height it was built at, with its wheels on the road.
            let axle_share = if wheel.hub_m.z > 0.0 {
                (mass_z - rear_z) / (front_z - rear_z)
            } else {
                (front_z - mass_z) / (front_z - rear_z)
            };
            let free_m = SPRING_AT_REST_M + 0.5 * axle_share * GRAVITY_MPS2 / stiffness;
            let tuning = WheelTuning {
                suspension_stiffness: stiffness,
                suspension_compression: damping,
                suspension_damping: damping,
                max_suspension_travel: 0.28,
                side_friction_stiffness: 1.0,
                friction_slip: 1.0,
                max_suspension_force: 2.0 * mass_kg * GRAVITY_MPS2,
            };
            // The hub as built, but at the height at which the tyre just stands on the road.
            let mount = Vector::new(wheel.hub_m.x, wheel.radius_m + SPRING_AT_REST_M, wheel.hub_m.z);
            // Contact normal (+Y) × axle is the controller's direction of rolling: −X gives +Z.
            let (down, axle) = (Vector::new(0.0, -1.0, 0.0), Vector::new(-1.0, 0.0, 0.0));
            controller.add_wheel(mount, down, axle, free_m, wheel.radius_m, &tuning);
        }
        let front = std::array::from_fn(|i| vehicle.wheels[i].hub_m.z > 0.0);
        let mut car = Self { world, body, controller, mass_kg, front };
        // The broad phase knows the road only after a step: one without time.
        car.world.integration_parameters.dt = 0.0;
        car.world.step();
        car.world.integration_parameters.dt = 1.0 / TICKS_PER_SECOND as f32;
        car
    }

    fn z_m(&self) -> f32 {
        self.world.bodies[self.body].translation().z
    }

    fn speed_mps(&self) -> f32 {
        self.world.bodies[self.body].linvel().z
    }

    /// One step under a pedal. The engine drives the front wheels (assumption).
    fn step(&mut self, pedal: Pedal) {
        let dt = self.world.integration_parameters.dt;
        for (wheel, front) in self.controller.wheels_mut().iter_mut().zip(self.front) {
            let share = if front { FRONT_BRAKE_SHARE } else { 1.0 - FRONT_BRAKE_SHARE } / 2.0;
            // The controller takes the largest impulse of a step, N·s, of brakes, and a force, N, of the engine.
            wheel.brake = match pedal {
                Pedal::Hold => f32::MAX,
                Pedal::Brake(braking_mps2) => braking_mps2 * self.mass_kg * share * dt,
                Pedal::Throttle(_) => 0.0,
            };
            wheel.engine_force = match pedal {
                Pedal::Throttle(drive_mps2) if front => drive_mps2 * self.mass_kg / 2.0,
                _ => 0.0,
            };
        }
        let world = &mut self.world;
        let queries = world.broad_phase.as_query_pipeline_mut(
            world.narrow_phase.query_dispatcher(),
            &mut world.bodies,
            &mut world.colliders,
            QueryFilter::exclude_dynamic().exclude_rigid_body(self.body),
        );
        self.controller.update_vehicle(dt, queries);
        world.step();
    }

    /// The state in laneproof's own vector types: the one place where they change hands.
    fn sample(&self) -> Sample {
        let body = &self.world.bodies[self.body];
        let (p, q) = (body.position().translation, body.position().rotation);
        let wheels = self.controller.wheels().iter().map(|wheel| {
            let mount = wheel.chassis_connection_point_cs;
            let length = if wheel.raycast_info().suspension_length > 0.0 {
                wheel.raycast_info().suspension_length
            } else {
                SPRING_AT_REST_M
            };
            WheelState { spin_rad: wheel.rotation, hub_m: glam::Vec3::new(mount.x, mount.y - length, mount.z) }
        });
        Sample {
            position_m: glam::Vec3::new(p.x, p.y, p.z),
            rotation: glam::Quat::from_xyzw(q.x, q.y, q.z, q.w),
            speed_mps: body.linvel().z,
            wheels: wheels.collect(),
        }
    }
}
